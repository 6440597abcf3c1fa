"""What every part of a profile file is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Address = Annotated[int, Field(ge=0, le=0xFFFF)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
ItemName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,59}$")]  # of a parameter, a command or an alarm
Text = Annotated[str, Field(min_length=1, max_length=200)]
TextKey = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]  # of what people read, in `texts`
Word = Annotated[int, Field(ge=0, le=0xFFFF)]


class Part(BaseModel):
    """Frozen, and without keys that nobody reads: a typing mistake never silently drops anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)
