// A Modbus TCP server on npm's modbus-serial. Holding and input registers 0xB000 to 0xB3FF hold numbers that belong to
// their address alone; other addresses are refused. Unit 7 is behind a gateway that finds nobody. Prints "port N".
"use strict";

const { ServerTCP } = require("modbus-serial");

const FIRST = 0xb000, LAST = 0xb3ff;

function refusal(code) {
  return Object.assign(new Error(`exception ${code}`), { modbusErrorCode: code });
}

function register(address, unit) {
  if (unit === 7) throw refusal(0x0b);
  if (address < FIRST || address > LAST) throw refusal(0x02);
  return (address * 7919) % 0x10000;
}

const vector = {
  getHoldingRegister: register,
  getInputRegister: register,
  readDeviceIdentification: () => ({ 0: "Wattledger", 1: "modbus-serial", 2: "8.0.25" }),
};
const server = new ServerTCP(vector, { host: "127.0.0.1", port: "0" }); // the number 0 would mean the default, 502
server.on("initialized", () => console.log(`port ${server._server.address().port}`));
