// node-bacnet: see bacnet_dialogue.js.
"use strict";
const Client = require("node-bacnet");
const { run } = require("./bacnet_dialogue.js");

const id = ([type, instance]) => ({ type, instance });
const plain = ({ value }) => value;

function speaks(plan) {
    const { address, port } = plan.own;
    const given = { interface: address, port, broadcastAddress: plan.broadcast, apduTimeout: 3000 };
    const client = new Client(given);
    const devices = [];
    const notifications = [];
    const asked = (name, ...words) =>
        new Promise((good, bad) => {
            client[name](plan.where, ...words, (error, found) => (error ? bad(error) : good(found)));
        });
    const notified = (confirmed) => ({ header, payload, service, invokeId }) => {
        const values = payload.values.map(({ property, value }) => [property.id, value.map(plain)]);
        notifications.push({
            confirmed,
            process: payload.subscriberProcessId,
            device: payload.initiatingDeviceId.instance,
            left: payload.timeRemaining,
            values: Object.fromEntries(values),
        });
        if (confirmed) {
            client.simpleAckResponse(header.sender, service, invokeId);
        }
    };
    client.on("iAm", ({ payload }) => devices.push(payload));
    client.on("covNotify", notified(true));
    client.on("covNotifyUnconfirmed", notified(false));
    return {
        devices,
        notifications,
        ready: new Promise((ready) => client.on("listening", ready)),
        whoIs: (where) => (where ? client.whoIs({ address: where }) : client.whoIs()),
        read: async (own, property, arrayIndex) => {
            const options = arrayIndex === undefined ? {} : { arrayIndex };
            const found = await asked("readProperty", id(own), property, options);
            return found.values.map(plain);
        },
        readMultiple: async (wanted) => {
            const specifications = wanted.map(([own, numbers]) => ({
                objectId: id(own),
                properties: numbers.map((number) => ({ id: number })),
            }));
            const { values } = await asked("readPropertyMultiple", specifications, {});
            return values.map((each) => each.values.map(({ value }) => plain(value[0] || {})));
        },
        write: (own, property, type, value, priority) =>
            asked("writeProperty", id(own), property, [{ type, value }], { priority }),
        subscribe: (own, process, confirmed, lifetime) =>
            asked("subscribeCov", id(own), process, false, confirmed, lifetime, {}),
        cancel: (own, process) => asked("subscribeCov", id(own), process, true, false, 0, {}),
        readRange: async (own, first, count) => {
            const { itemCount, rangeBuffer } = await asked("readRange", id(own), first, count, {});
            return { itemCount, octets: rangeBuffer.length };
        },
        events: null, // it cannot ask for the first ones
        alarms: async () => (await asked("getAlarmSummary", {})).alarms,
        close: () => client.close(),
    };
}

run(speaks);
