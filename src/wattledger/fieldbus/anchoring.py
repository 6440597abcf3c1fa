"""Where the registers of a device stand that only the device itself can tell: searched for, kept, and doubted again.

A search is many short questions. It goes on from one visit to the next, so that the other devices of the bus wait no
longer for it than for any other visit; what is found holds until the device is lost or its header says otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from wattledger.catalog import DeviceMap, Layout, MappedAnchor, MappedPoint
from wattledger.fieldbus.errors import MisplacedError, RefusedError, SearchUnfinishedError
from wattledger.fieldbus.modbus.pdu import ReadRegisters
from wattledger.fieldbus.sunspec import BASES, ChainWalk, Model

MOST_QUESTIONS_A_VISIT = 16  # some 0.4 s on a line of 19200 baud; a chain takes two for each of its models

Ask: TypeAlias = Callable[[ReadRegisters], Awaitable[Sequence[int]]]


@dataclass(frozen=True, slots=True)
class Place:
    """A block that was found, and the product's map with the addresses that it has there.

    `standing` gives each point of the declared map as it stands now, `declared` the way back.
    """

    model: Model
    map: DeviceMap
    standing: Mapping[MappedPoint, MappedPoint] = field(compare=False, repr=False)
    declared: Mapping[MappedPoint, MappedPoint] = field(compare=False, repr=False)

    @classmethod
    def of(cls, device_map: DeviceMap, layout: Layout, model: Model) -> Place:
        """The block `model`, which has this layout."""
        settled = device_map.settled(layout, at=model.address)
        standing = dict(zip(device_map.points, settled.points, strict=True))
        return cls(model, settled, standing, {there: here for here, there in standing.items()})


def block_of(anchor: MappedAnchor, models: Sequence[Model]) -> tuple[Model, Layout] | None:
    """The block that holds the registers of a product; None: it is not among these models.

    Where a device has its values twice, as whole numbers and as floats, what comes first in its chain counts. A block
    that is shorter than the product's registers is none.
    """
    met: Counter[int] = Counter()
    for model in models:
        for number, layout in enumerate(anchor.layouts):
            if model.id in layout.models and model.address + layout.end <= model.end:
                met[number] += 1
                if met[number] == anchor.instance:
                    return model, layout
    return None


class Anchorage:
    """Where one device's registers stand. `place` is where they were found last; None: never, or nobody need search."""

    def __init__(self) -> None:
        self.place: Place | None = None
        self._is_sure = False
        self._walk: ChainWalk | None = None
        self._first_base = BASES[0]

    def doubt(self) -> None:
        """The device was lost, or something else stands in its place: search before it is read again."""
        self._is_sure, self._walk = False, None

    async def locate(self, device_map: DeviceMap, anchor: MappedAnchor, ask: Ask) -> Place:
        """The place of the device's registers, asked for where it is not known.

        Raises what `ask` raises, SearchUnfinishedError when the rest is for the next visit, and MisplacedError for a
        device that has no such registers.
        """
        if self.place is not None and self._is_sure:
            return self.place
        walk, self._walk = self._walk or ChainWalk(first_base=self._first_base), None
        try:
            found = await self._search(walk, device_map, anchor, ask)
        except SearchUnfinishedError:
            self._walk = walk
            raise
        finally:
            self._first_base = walk.next_base
        self.place, self._is_sure = found, True
        return found

    async def _search(self, walk: ChainWalk, device_map: DeviceMap, anchor: MappedAnchor, ask: Ask) -> Place:
        for _ in range(MOST_QUESTIONS_A_VISIT):
            if (asked := walk.next_read()) is None:
                raise MisplacedError(why_not(anchor, walk))
            await answer_of(asked, walk, ask)
            if (found := block_of(anchor, walk.models)) is not None:
                return Place.of(device_map, found[1], found[0])
        raise SearchUnfinishedError(f"the SunSpec models are still being looked through, {len(walk.models)} so far")


async def answer_of(asked: ReadRegisters, walk: ChainWalk, ask: Ask) -> None:
    """Ask what a walk wants to know next and tell it; raises what `ask` raises, but for what tells of the registers."""
    try:
        registers = await ask(asked)
    except RefusedError as error:
        if error.means_silence or error.means_busy:
            raise
        walk.refused()
    else:
        walk.answered(registers)


def why_not(anchor: MappedAnchor, walk: ChainWalk) -> str:
    """Why a chain that was walked to its end does not hold the product."""
    if walk.base is None:
        return f"no SunSpec device: no marker at {', '.join(map(str, BASES))}"
    wanted = ", ".join(str(model) for layout in anchor.layouts for model in layout.models)
    number = f"no. {anchor.instance} of " if anchor.instance > 1 else ""
    models = ", ".join(str(model.id) for model in walk.models) or "none"
    return f"SunSpec without {number}model {wanted}; it has {models}"
