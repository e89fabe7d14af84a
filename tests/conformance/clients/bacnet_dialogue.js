// What a BACnet client does with the device, printed as JSON: PLAN, which is JSON.
// `speaks(plan)` gives the client as promises; see bacnet_js_client.js for what it has to have.
"use strict";

const ALL = 8, OBJECT_LIST = 76, OBJECT_NAME = 77, PRESENT_VALUE = 85, RELIABILITY = 103;
const STATUS_FLAGS = 111, PROPERTY_LIST = 371;
const REAL = 4, NULL = 0;
const PATIENCE = 4000; // ms for what must come

const key = ([type, instance]) => `${type}:${instance}`;
// JSON has neither NaN nor Infinity.
const plain = (value) => (typeof value === "number" ? String(value) : value);
const failed = (error) => `refused: ${error.message}`;

async function until(condition) {
    const end = Date.now() + PATIENCE;
    while (!condition() && Date.now() < end) {
        await new Promise((go) => setTimeout(go, 10));
    }
    return condition();
}

async function discover(client, plan) {
    const found = {};
    for (const way of ["broadcast", "directed"]) {
        // The same question of the same client is not answered twice within a moment.
        await new Promise((go) => setTimeout(go, 150));
        client.devices.length = 0;
        client.whoIs(way === "directed" ? plan.where : undefined);
        await until(() => client.devices.length);
        found[way] = [...client.devices];
    }
    return found;
}

async function reads(client, plan) {
    const found = { values: {}, names: {}, reliabilities: {}, all: {}, listed: {}, flags: {} };
    for (const own of plan.objects) {
        found.values[key(own)] = await client
            .read(own, PRESENT_VALUE)
            .then((values) => plain(values[0]), failed);
        found.listed[key(own)] = (await client.read(own, PROPERTY_LIST)).length;
        const [everything] = await client.readMultiple([[own, [ALL]]]);
        found.all[key(own)] = everything.length;
    }
    // All at once is longer than one APDU, and comes in segments.
    const wanted = plan.objects.map((own) => [own, [OBJECT_NAME, RELIABILITY, STATUS_FLAGS]]);
    const answers = [];
    for (let first = 0; first < wanted.length; first += plan.together) {
        answers.push(...(await client.readMultiple(wanted.slice(first, first + plan.together))));
    }
    plan.objects.forEach((own, place) => {
        found.names[key(own)] = answers[place][0];
        found.reliabilities[key(own)] = answers[place][1];
        found.flags[key(own)] = answers[place][2];
    });
    found.objectList = (await client.read([8, plan.device], OBJECT_LIST)).length;
    found.size = await client.read([8, plan.device], OBJECT_LIST, 0).then((values) => values[0]);
    found.unknownObject = await client.read([0, 4000000], PRESENT_VALUE).catch(failed);
    found.unknownProperty = await client.read([0, 1], 9999).catch(failed);
    found.noArray = await client.read([0, 1], PRESENT_VALUE, 1).catch(failed);
    return found;
}

async function writes(client, plan) {
    const write = (own, type, value) =>
        client.write(own, PRESENT_VALUE, type, value, 8).then(() => "written", failed);
    const found = {};
    found.denied = await write([0, 1], REAL, 5);
    found.written = await write(plan.writable, REAL, plan.good);
    found.read = await client.read(plan.writable, PRESENT_VALUE).then((values) => values[0]);
    found.beyond = await write(plan.writable, REAL, plan.beyond);
    found.relinquished = await write(plan.writable, NULL, null);
    found.renamed = await client
        .write([8, plan.device], OBJECT_NAME, 7, "another", 0)
        .then(() => "written", failed);
    return found;
}

// The subscription's own write is what changes the value.
async function subscription(client, plan, confirmed) {
    const process = confirmed ? 8 : 7;
    const mine = () => client.notifications.filter((each) => each.process === process);
    const change = (value) => client.write(plan.writable, PRESENT_VALUE, REAL, value, 8);
    client.notifications.length = 0;
    await client.subscribe(plan.writable, process, confirmed, 60);
    await until(() => mine().length >= 1);
    await change(plan.good + 1 + process);
    await until(() => mine().length >= 2);
    const heard = [...mine()];
    await client.cancel(plan.writable, process);
    await change(plan.good);
    await new Promise((go) => setTimeout(go, 150));
    return { heard, afterwards: mine().length - heard.length };
}

async function main(speaks) {
    const plan = JSON.parse(process.argv[2]);
    const client = speaks(plan);
    await client.ready;
    const found = { discovered: await discover(client, plan), reads: await reads(client, plan) };
    found.writes = await writes(client, plan);
    if (plan.subscribe) {
        found.unconfirmed = await subscription(client, plan, false);
        found.confirmed = await subscription(client, plan, true);
    }
    if (plan.trend) {
        found.range = await client.readRange(plan.trend, 1, plan.records);
    }
    if (plan.alarms) {
        found.events = client.events ? await client.events() : null;
        found.alarms = await client.alarms();
    }
    client.close();
    console.log(JSON.stringify(found));
    process.exit(0);
}

exports.run = (speaks) =>
    main(speaks).catch((error) => {
        console.error(error);
        process.exit(1);
    });
