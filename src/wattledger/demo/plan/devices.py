"""All buses of the hotel and all devices on them, and how to find one."""

from __future__ import annotations

from wattledger.demo.hotel.circuits import CIRCUITS
from wattledger.demo.plan.hosts import HOST_BUSES, HOST_DEVICES
from wattledger.demo.plan.line import LINE, LINE_DEVICES
from wattledger.demo.plan.parts import PlannedBus, PlannedDevice
from wattledger.demo.plan.terminals import INPUTS, TERMINAL_DEVICES

BUSES: tuple[PlannedBus, ...] = (INPUTS, LINE, *HOST_BUSES)
DEVICES: tuple[PlannedDevice, ...] = (*TERMINAL_DEVICES, *LINE_DEVICES, *HOST_DEVICES)


def device_named(key: str) -> PlannedDevice:
    """The device of this key; raises KeyError."""
    return {device.key: device for device in DEVICES}[key]


def devices_on(bus: str) -> tuple[PlannedDevice, ...]:
    """The devices of this bus, in the order of their addresses."""
    return tuple(sorted((one for one in DEVICES if one.bus == bus), key=lambda one: one.unit_id))


def meters() -> dict[str, str]:
    """Every meter of the plan that sits in a circuit of the hotel, and in which."""
    channels = [channel for device in DEVICES for channel in device.channels]
    return {channel.meter: channel.circuit for channel in channels if channel.circuit in CIRCUITS}
