"""What every part of a profile file is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Address = Annotated[int, Field(ge=0, le=0xFFFF)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Word = Annotated[int, Field(ge=0, le=0xFFFF)]


class Part(BaseModel):
    """Frozen, and without keys that nobody reads: a typing mistake never silently drops anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)
