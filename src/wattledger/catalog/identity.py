"""How a device says who it is: what to ask, and which answers belong to which product."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wattledger.catalog.part import Address, Identifier, Part, Text
from wattledger.catalog.registers import MOST_REGISTERS, ReadFunction, TextType

MOST_NUMBER_WORDS = 4
MOST_INSTANCES = 20


class Found(StrEnum):
    """What an identification step tells."""

    VENDOR = "vendor"
    PRODUCT_CODE = "product_code"
    PRODUCT_NAME = "product_name"
    MODEL = "model"
    SERIAL = "serial"
    FIRMWARE = "firmware"
    HARDWARE = "hardware"


class RegisterStep(Part):
    """Read registers that tell who the device is; `fc` None: as the points of the file."""

    kind: Literal["register"]
    addr: Address
    words: Annotated[int, Field(ge=1, le=MOST_REGISTERS)]
    type: TextType
    into: Found
    fc: ReadFunction | None = None
    equals: str | None = None  # anything else is another make, whose registers mean something else

    @model_validator(mode="after")
    def _fitting_words(self) -> Self:
        if self.type is TextType.VER3 and self.words != 2:
            raise ValueError("a ver3 takes 2 words")
        if self.type is TextType.NUM and self.words > MOST_NUMBER_WORDS:
            raise ValueError(f"a num takes {MOST_NUMBER_WORDS} words at most; text is 'str' or 'str16'")
        if self.type is TextType.NUM and self.equals is not None and not self.equals.isdecimal():
            raise ValueError(f'a num reads as decimal digits and never equals {self.equals!r}; write 0x20 as "32"')
        return self


class MeiStep(Part):
    """Ask by "read device identification" (function 0x2B, MEI type 0x0E)."""

    kind: Literal["mei"]
    object: Annotated[int, Field(ge=0, le=255)]
    into: Found
    equals: str | None = None


IdentifyStep = Annotated[RegisterStep | MeiStep, Field(discriminator="kind")]


class Match(Part):
    """How a product names itself: what its product code begins with (makers append country suffixes).

    `exact`: the code is that, and nothing follows; for numbers, of which 34 would else begin 341.
    """

    product_code: Text
    exact: bool = False

    def fits(self, code: str) -> bool:
        """Whether a device that says `code` may be of this product; makers are not constant in capitals."""
        said, wanted = code.casefold(), self.product_code.casefold()
        return said == wanted if self.exact else said.startswith(wanted)


class Product(Part):
    """One orderable product; without `match` no device names itself by it. `name` is what people call it.

    In an anchored profile `alternatives` are the variants that a device may have instead, with the same points in other
    registers, and `instance` says which of several such blocks is meant, counted from 1.
    """

    ref: Text
    variant: Identifier
    match: Match | None = None
    name: Text | None = None
    alternatives: tuple[Identifier, ...] = ()
    instance: Annotated[int, Field(ge=1, le=MOST_INSTANCES)] = 1
