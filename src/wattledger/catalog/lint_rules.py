"""What the linter looks for: the names by which a profile may say that something is as it should be."""

from __future__ import annotations

from enum import StrEnum


class LintRule(StrEnum):
    """What may be wrong with a profile that can be loaded."""

    SHARED_REGISTERS = "shared_registers"  # two points take the same registers for different things
    SCALE = "scale"  # no such quantity has these values
    NAN = "nan"  # nothing is said of the raw value that means "not available"
    ROLLOVER = "rollover"  # a counter of which nobody knows where it starts anew
    EMPTY_BLOCK = "empty_block"  # no point lies in it
    LONG_BLOCK = "long_block"  # it cannot be read in pieces that the device takes
    NOTHING_RECORDED = "nothing_recorded"  # a product of which nothing is kept unless somebody ticks it
    NO_VECTORS = "no_vectors"  # nothing proves the map
    ONE_SOURCE = "one_source"  # what proves the map is the table that the map was typed from
    TRANSLATION = "translation"  # a text that some people cannot read
