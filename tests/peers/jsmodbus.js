// A Modbus TCP server on npm's jsmodbus. Holding and input registers 0 to 0xB3FF hold numbers that belong to their
// address alone. Prints "port N".
"use strict";

const net = require("net");
const { server: modbus } = require("jsmodbus");

const registers = Buffer.alloc(2 * 0xb400);
for (let address = 0; address < 0xb400; address++) {
  registers.writeUInt16BE((address * 7919) % 0x10000, 2 * address);
}

const listener = net.createServer();
new modbus.TCP(listener, { holding: registers, input: registers });
listener.listen(0, "127.0.0.1", () => console.log(`port ${listener.address().port}`));
