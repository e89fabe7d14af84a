// jsmodbus sends all requests at once over one connection: PORT UNIT ROUNDS SPANS.
// SPANS is JSON: (function, address, count of floats) of each block.
"use strict";
const modbus = require("jsmodbus");
const net = require("net");

const [port, unit, rounds, text] = process.argv.slice(2);
const spans = JSON.parse(text);
const socket = new net.Socket();
const client = new modbus.client.TCP(socket, Number(unit), 5000);

function ask([code, address, count]) {
    const read = code === 4 ? "readInputRegisters" : "readHoldingRegisters";
    return client[read](address, 2 * count);
}

function floats(answers) {
    const found = {};
    spans.forEach(([code, address, count], index) => {
        const { valuesAsBuffer } = answers[index].response.body;
        for (let place = 0; place < count; place++) {
            // JSON has no NaN: as text it is told apart from null.
            found[`${code}:${address + 2 * place}`] = String(valuesAsBuffer.readFloatBE(4 * place));
        }
    });
    return found;
}

socket.on("connect", async () => {
    const found = [];
    for (let round = 0; round < Number(rounds); round++) {
        found.push(floats(await Promise.all(spans.map(ask))));
    }
    console.log(JSON.stringify(found));
    socket.end();
});
socket.on("error", (error) => {
    console.error(error);
    process.exit(1);
});
socket.connect({ host: "127.0.0.1", port: Number(port) });
