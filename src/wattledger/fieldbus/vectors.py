"""The golden vectors of a profile: whether given registers read as the values that somebody else worked out; pure."""

from __future__ import annotations

from collections.abc import Iterator

from wattledger.catalog import DeviceMap, Profile, Vector, device_map
from wattledger.fieldbus.decoding import decode, is_raised


def vector_faults(profile: Profile) -> tuple[str, ...]:
    """What reads otherwise than the profile's vectors expect, in English for who writes it; none: all is as it must."""
    tested = {vector.product for vector in profile.tests}
    maps = {ref: device_map(profile, profile.product(ref)) for ref in tested}
    return tuple(
        f"test vector {number}: {fault}"
        for number, vector in enumerate(profile.tests, start=1)
        for fault in _faults(vector, maps[vector.product], function=vector.fc or profile.defaults.fc)
    )


def _faults(vector: Vector, mapped: DeviceMap, *, function: int) -> Iterator[str]:
    if vector.model is not None and (layout := mapped.layout_of(vector.model)) is not None:
        mapped = mapped.settled(layout, at=0)
    for name, expected in vector.expect.items():
        point = mapped.point(name, channel=vector.channel)
        if point is None:
            yield f"{mapped.product} has no point '{name}' in channel {vector.channel}"
            continue
        value = decode(point, vector.raw[point.address - vector.at : point.end - vector.at])
        if value != expected:
            yield f"'{name}' reads as {value}, not as {expected}"
    raised = set(_raised(vector, mapped, function))
    for name in sorted(raised ^ set(vector.alarms)):
        yield f"alarm '{name}' is {'raised' if name in raised else 'not raised'}"


def _raised(vector: Vector, mapped: DeviceMap, function: int) -> Iterator[str]:
    for alarm in mapped.alarms:
        start = alarm.address - vector.at
        is_given = alarm.function == function and start >= 0 and start + alarm.words <= len(vector.raw)
        if is_given and is_raised(alarm, vector.raw[start : start + alarm.words]):
            yield alarm.name
