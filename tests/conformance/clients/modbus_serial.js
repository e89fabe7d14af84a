// modbus-serial reads blocks of floats and the identity: PORT-OR-TTY UNIT BAUDRATE PARITY SPANS.
// SPANS is JSON: (function, address, count of floats) of each block.
"use strict";
const ModbusRTU = require("modbus-serial");

async function main([where, unit, baudRate, parity, text]) {
    const client = new ModbusRTU();
    if (where.startsWith("/")) {
        await client.connectRTUBuffered(where, { baudRate: Number(baudRate), parity });
    } else {
        await client.connectTCP("127.0.0.1", { port: Number(where) });
    }
    client.setID(Number(unit));
    client.setTimeout(5000);
    const floats = {};
    for (const [code, address, count] of JSON.parse(text)) {
        const read = code === 4 ? "readInputRegisters" : "readHoldingRegisters";
        const { buffer } = await client[read](address, 2 * count);
        for (let place = 0; place < count; place++) {
            // JSON has no NaN: as text it is told apart from null.
            floats[`${code}:${address + 2 * place}`] = String(buffer.readFloatBE(4 * place));
        }
    }
    const identity = (await client.readDeviceIdentification(1, 0)).data;
    client.setID(Number(unit) + 100);
    client.setTimeout(1000);
    const foreign = await client.readHoldingRegisters(0, 1).then(
        () => "answered",
        (error) => error.message || String(error),
    );
    console.log(JSON.stringify({ floats, identity, foreign }));
    client.close(() => process.exit(0));
}

main(process.argv.slice(2)).catch((error) => {
    console.error(error);
    process.exit(1);
});
