"""The chain of SunSpec models around the registers of a simulated device whose map is anchored."""

from __future__ import annotations

from dataclasses import replace

from wattledger.catalog import DeviceMap, RegisterStep

BASE = 40000
MARKER = (0x5375, 0x6E53)  # "SunS"
END = (0xFFFF, 0)
COMMON, COMMON_WORDS = 1, 66
HEADER_WORDS = 2


def in_chain(mapped: DeviceMap) -> tuple[DeviceMap, dict[int, int]]:
    """The map as its block stands behind a common model and, for the second of a kind, the first; and all their words.

    A map without an anchor stays what it is.
    """
    if mapped.anchor is None:
        return mapped, {}
    layout = mapped.anchor.layouts[0]
    length = layout.end - HEADER_WORDS
    models = [(COMMON, COMMON_WORDS), *[(layout.models[0], length)] * mapped.anchor.instance]
    words = dict(enumerate(MARKER, start=BASE))
    at = block = BASE + len(MARKER)
    for model, count in models:
        block = at
        words.update({block: model, block + 1: count} | dict.fromkeys(range(block + 2, block + 2 + count), 0))
        at = block + HEADER_WORDS + count
    words.update(enumerate(END, start=at))
    shift = BASE + len(MARKER)
    steps = tuple(
        step.model_copy(update={"addr": step.addr + shift}) if isinstance(step, RegisterStep) else step
        for step in mapped.identify
    )
    return replace(mapped.settled(layout, at=block), identify=steps), words
