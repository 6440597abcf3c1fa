"""The JSON Schema of profile files, for editors that complete and explain while one types.

Loading checks more than a schema can say; `wattledger profile check` tells the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from wattledger.catalog.schema import Profile
from wattledger.measure import UNITS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TITLE = "Profile of a device"

# What a key means wherever it stands, unless its part says otherwise below.
KEYS: Mapping[str, str] = {
    "addr": "Address on the wire, counted from 0; a manual that begins at 1 or 40001 is reckoned down.",
    "type": "How the registers hold the number.",
    "fc": "Function with which it is read: 3 (holding registers) or 4 (input registers).",
    "word_order": "Which register of a longer number comes first: big (the high word) or little.",
    "nan": 'Raw values, unsigned, that mean "not available"; [] where there are none.',
    "scale": "What one step of the raw number is worth in `unit`.",
    "offset": "What is added after the scale, in `unit`; for kelvins -273.15.",
    "unit": "The unit in which the number stands in the device.",
    "variants": "The variants that have it; all where none are given.",
    "values": "What each number means: {0: text.key}.",
    "text": "Key of the text, in `texts`, by which people know it.",
    "poll": "How often it is read between the recorded values.",
    "words": "How many registers.",
    "title": "What people call it.",
    "rollover": "The highest value that a counter shows before it starts anew at 0, in the unit of the point.",
    "fc_write": "Function with which it is written: 6 (one register) or 16 (several).",
    "danger": "What it does when it goes wrong; asked about before.",
    "kind": "register: read registers; mei: ask by function 0x2B / 0x0E.",
    "into": "What the answer tells.",
    "equals": "What it must be; anything else is another make, and no further register of this profile is believed.",
    "min": "The least that it may be, in `unit`.",
    "max": "The most that it may be, in `unit`.",
    "count": "How many there are.",
    "stride": "How many registers lie from one to the next.",
    "name": "Its name: small letters, digits and underscores.",
}
PARTS: Mapping[str, Mapping[str, str]] = {
    "Profile": {
        "id": "What devices are declared with; never changes.",
        "version": "Raised with each change.",
        "name": "What people call the devices of this profile.",
        "family": "Maker or series; profiles of one family stand together.",
        "status": "How sure the map is.",
        "sources": "Where the facts come from; at least one.",
        "variants": "Groups of products with the same registers; at least one.",
        "products": "What can be bought and declared.",
        "transport": "How the devices are reached as they leave the factory.",
        "limits": "What one request may ask, and the time and pauses that the device wants.",
        "defaults": "What holds for every point unless it says otherwise.",
        "identify": "What is asked to find out who the device is; the cheapest first.",
        "anchor": "Where registers have no fixed place: what all addresses count from, searched for on each device.",
        "blocks": "The ranges that one read may cover whole; no point lies outside of them.",
        "points": "What is measured.",
        "repeats": "Points that a device with several channels has once per channel.",
        "clock": "A clock that is set over the bus.",
        "parameters": "Settings of the device.",
        "store": "The write that makes the device keep its settings.",
        "commands": "What a person may tell the device to do.",
        "alarms": "Bits or codes by which the device says that something is wrong.",
        "notes": "Keys of texts that whoever commissions the device must know.",
        "texts": "What people read, by language and key; English (en) is needed.",
        "tests": "Golden cases: registers as they come, and the values that they mean.",
        "lint": "What `wattledger profile check` need not tell, and why: {rule: reason}.",
    },
    "AddedRegister": {"scale": "What one step of it is worth, in the unit of the point."},
    "Block": {"start": "Address of its first register."},
    "Clock": {
        "fields": "What each register from `addr` on holds; [high, low] for one of two bytes.",
        "fc": "16: all registers in one write; 6: one after the other.",
        "methods": "The first that the bus offers is used.",
        "time": "Which time it keeps.",
        "epoch": "Year from whose first of January seconds are counted.",
        "read": "Where the device shows its time; without it the time is only written.",
    },
    "ClockReading": {"fields": "As it is shown, where that is otherwise than as it is written."},
    "Command": {
        "value": "The value that is written, or {min, max} for a choice.",
        "readback": "Register that shows the chosen value afterwards.",
    },
    "CommandRange": {"min": "The least choice.", "max": "The greatest choice."},
    "Defaults": {"nan": 'Raw values that mean "not available", per type: {u16: 0xFFFF, u32: []}.'},
    "DeviceAlarm": {
        "severity": "How grave it is.",
        "args": "What fills the gaps of the text: {phase: L1}.",
        "bit": "The bit that is set while it is so; 0 is the lowest.",
        "equals": "The number that the register holds while it is so.",
    },
    "Limits": {
        "max_registers": "Most registers of one read.",
        "timeout_ms": "How long the device may take to answer.",
        "gap_ms": "Pause that it wants before each request.",
        "connect_pause_ms": "Pause that it wants after a connection is made.",
    },
    "LocalTransport": {"terminals": "Terminals of the server itself that a variant can be wired to."},
    "Match": {
        "product_code": "What the product code of the device begins with.",
        "exact": "The code is that, and nothing follows.",
    },
    "MeiStep": {"object": "Number of the object; 0 is the maker, 1 the product code, 2 the version."},
    "Parameter": {
        "writable": "Whether a person may change it.",
        "words_written": "Registers that a write covers, where the device wants more than it shows.",
        "after": "What it takes until a written value counts.",
    },
    "Product": {
        "ref": "What is printed on it and ordered.",
        "variant": "Which registers it has.",
        "match": "How it names itself when it is asked.",
        "name": "What people call it, where the reference says little.",
        "alternatives": "In an anchored profile: variants that a device may have instead, with the same points.",
        "instance": "In an anchored profile: which of several such blocks is meant, counted from 1.",
    },
    "Anchor": {
        "kind": "What is searched for: sunspec, a model of a SunSpec chain.",
        "models": "Which models have the registers of which variant: {variant: [numbers of models]}.",
    },
    "ProfilePoint": {
        "name": "From the vocabulary: quantity[.direction][.phase][.order], such as active_energy.import.total.",
        "plus": "Further registers whose numbers are added.",
        "scale_register": "Address of a register (s16) with the exponent of ten that the number is multiplied by too.",
        "form": "An odd way to write a number.",
        "decimals": "With how many decimals it is recorded, where that is more than usual.",
        "recorded": "Whether it is recorded unless somebody chooses otherwise.",
        "tariffs": "The point is kept per tariff.",
    },
    "RegisterStep": {"type": "How the registers hold the text.", "fc": "3 or 4; else as the points of the file."},
    "Repeat": {"over": "What is repeated.", "points": "The points of the first channel."},
    "RtuTransport": {
        "baud": "Speeds that it can be set to; the usual one first.",
        "parity": "N (none), E (even) or O (odd).",
        "stop": "Stop bits.",
        "units": "The first and the last address that it can be given.",
    },
    "Source": {
        "title": "What it is, so that somebody else finds it.",
        "date": "As exactly as it is known.",
        "covers": "What of the profile comes from it: registers, scales, products …",
    },
    "Store": {"value": "What is written."},
    "TcpTransport": {"port": "TCP port.", "unit": "Address that it answers at."},
    "Transport": {"rtu": "Modbus RTU.", "tcp": "Modbus TCP.", "local": "Inputs of the server itself."},
    "Vector": {
        "product": "Reference of the product.",
        "source": "Which of the sources it comes from, counted from 0.",
        "at": "Address of the first register.",
        "raw": "The registers as they come.",
        "channel": "Of a device with several.",
        "expect": "The values, in W, Wh, V, A …; null where the device says that it has none.",
        "alarms": "The alarms that these registers raise.",
        "model": "In an anchored profile: whose registers they are; else the first that the product may have.",
    },
}
PARENTS = {"ChannelPoint": "ProfilePoint"}


def schema_text() -> str:
    """The schema as a file."""
    return json.dumps(editor_schema(), indent=2, ensure_ascii=False) + "\n"


def editor_schema() -> dict[str, Any]:
    """The schema with an explanation at every key, and the units to choose from."""
    schema: dict[str, Any] = {"$schema": DIALECT, **Profile.model_json_schema(), "title": TITLE}
    for part, keys in _parts(schema):
        for key, about in keys.items():
            explanation = PARTS.get(part, {}).get(key) or PARTS.get(PARENTS.get(part, ""), {}).get(key) or KEYS.get(key)
            if explanation:
                about["description"] = explanation
            if key == "unit" and about.get("type") == "string":
                about["enum"] = sorted(UNITS)
    return schema


def _parts(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    yield "Profile", schema["properties"]
    for name, part in schema["$defs"].items():
        yield name, part.get("properties", {})
