// @bacnet-js/client: see bacnet_dialogue.js.
"use strict";
const { default: Client } = require("@bacnet-js/client");
const { run } = require("./bacnet_dialogue.js");

const id = ([type, instance]) => ({ type, instance });
const plain = ({ value }) => value;

function speaks(plan) {
    const { address, port } = plan.own;
    const given = { interface: address, port, broadcastAddress: plan.broadcast, apduTimeout: 3000 };
    const client = new Client(given);
    const there = { address: plan.where };
    const devices = [];
    const notifications = [];
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
            const found = await client.readProperty(there, id(own), property, { arrayIndex });
            return found.values.map(plain);
        },
        readMultiple: async (wanted) => {
            const asked = wanted.map(([own, numbers]) => ({
                objectId: id(own),
                properties: numbers.map((number) => ({ id: number })),
            }));
            const { values } = await client.readPropertyMultiple(there, asked);
            return values.map((each) => each.values.map(({ value }) => plain(value[0] || {})));
        },
        write: (own, property, type, value, priority) =>
            client.writeProperty(there, id(own), property, [{ type, value }], { priority }),
        subscribe: (own, process, confirmed, lifetime) =>
            client.subscribeCov(there, id(own), process, false, confirmed, lifetime),
        cancel: (own, process) => client.subscribeCov(there, id(own), process, true, false, 0),
        readRange: async (own, first, count) => {
            const { itemCount, rangeBuffer } = await client.readRange(there, id(own), first, count);
            return { itemCount, octets: rangeBuffer.length };
        },
        events: () => client.getEventInformation(there),
        alarms: () => client.getAlarmSummary(there),
        close: () => client.close(),
    };
}

run(speaks);
