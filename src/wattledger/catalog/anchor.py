"""Registers of which only the device knows where they stand: their addresses count from the start of a block of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from wattledger.catalog.part import Identifier, Part

ModelId = Annotated[int, Field(ge=1, le=0xFFFE)]


class Anchor(Part):
    """All addresses of the file count from the start of a block that is searched for on each device.

    `sunspec`: the blocks are the models of a SunSpec chain, and they start with the register of the model's id.
    `models` says which of them have the registers of which variant. The steps of `identify` count from the start of the
    common model (1) that the block belongs to.
    """

    kind: Literal["sunspec"]
    models: Annotated[dict[Identifier, Annotated[tuple[ModelId, ...], Field(min_length=1)]], Field(min_length=1)]
