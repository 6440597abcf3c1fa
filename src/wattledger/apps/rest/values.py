"""What values the API takes and gives: text without control characters, times in UTC, nothing unnamed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from ninja import Schema
from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    PlainSerializer,
    Secret,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)
DELETE = 0x7F
MOST_PEM = 64 * 1024  # signs; some thirty certificates


class Given(Schema):
    """A body or a part of it: fields that are not named are refused, and so are NaN and infinity."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Answer(Schema):
    """What the API gives."""


def _printable(text: str) -> str:
    if any(ord(sign) < ord(" ") or ord(sign) == DELETE for sign in text):
        raise PydanticCustomError("control_characters", "control characters")
    return text


def _utc(time: datetime) -> datetime:
    try:
        instant = time.astimezone(UTC)
    except OverflowError:
        instant = LAST
    if not FIRST <= instant < LAST:
        raise PydanticCustomError("not_time", "outside of 1970 to 2199")
    return instant


def _rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_printable)
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), AfterValidator(_printable)]
# The length in words: as a number, it has programs that try the description out send texts as long as that, by dozens.
PemText = Annotated[
    str,
    Field(min_length=1, max_length=MOST_PEM),
    WithJsonSchema({"type": "string", "minLength": 1, "description": f"a text in PEM of at most {MOST_PEM} signs"}),
]
SecretPemText = Secret[PemText]  # not shown in a trace either
Id = Annotated[str, Field(max_length=32, description="opaque")]
Time = Annotated[AwareDatetime, AfterValidator(_utc)]  # taken with any offset, used in UTC
UtcTime = Annotated[datetime, PlainSerializer(_rfc3339, return_type=str)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
