"""What comes of asking a device whether it is the one that was declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What came of asking."""

    MATCH = "match"
    OTHER_DEVICE = "other_device"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"


class Advice(StrEnum):
    """What to look at next."""

    NONE = "none"
    CHECK_WIRING = "check_wiring"
    CHECK_ADDRESS = "check_address"
    CHECK_UNIT = "check_unit"
    CHOOSE_PRODUCT = "choose_product"
    CHECK_PROFILE = "check_profile"
    CHECK_LINE = "check_line"
    CHECK_DOUBLE_ADDRESS = "check_double_address"
    TRY_AGAIN = "try_again"
    ENABLE_SUNSPEC = "enable_sunspec"
    CHECK_MODELS = "check_models"


@dataclass(frozen=True, slots=True)
class Identification:
    """The outcome, what the device said of itself (vendor, product, serial, firmware …) and what to do."""

    outcome: Outcome
    found: Mapping[str, str]
    advice: Advice
    detail: str = ""  # English, for people who debug
