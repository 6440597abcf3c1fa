"""A plant as bytes and back: what is kept beside the archive so that recording outlives a damaged configuration."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from wattledger.plant.model import Plant

FORMAT = b"wattledger plant 1\n"
_PLANT = TypeAdapter(Plant)


class PlantError(ValueError):
    """A kept plant that cannot be read; the text says why."""


def to_bytes(plant: Plant) -> bytes:
    """The plant as a line that names the format and one JSON document."""
    return FORMAT + _PLANT.dump_json(plant, indent=1)


def from_bytes(kept: bytes) -> Plant:
    """The plant that `to_bytes` wrote; raises PlantError for anything else."""
    if not kept.startswith(FORMAT):
        raise PlantError("not a kept plant of a format that this version reads")
    try:
        return _PLANT.validate_json(kept[len(FORMAT) :])
    except ValidationError as error:
        raise PlantError(f"the kept plant is damaged: {error.errors()[0]['msg']}") from error
