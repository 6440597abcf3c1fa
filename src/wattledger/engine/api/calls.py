"""The calls of the engine's control API: one table that client and server share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from wattledger.engine.api.messages import (
    VERSION,
    BusFrame,
    EngineState,
    ForgetBefore,
    FramesRequest,
    GivenChunks,
    GivenReadings,
    Identification,
    IdentifyRequest,
    IoOutput,
    IoState,
    LiveValue,
    PlanRequest,
    ReadPlan,
    RelayTest,
    Reload,
    Reloaded,
    Reset,
    Stored,
    TrafficStatistics,
)
from wattledger.engine.api.scanning import Scanned, ScanRequest

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


@dataclass(frozen=True, slots=True)
class Call(Generic[Asked, Answered]):
    """One call: its name in the path, and how question and answer become JSON."""

    name: str
    question: TypeAdapter[Asked]
    answer: TypeAdapter[Answered]

    @property
    def path(self) -> str:
        return f"/v{VERSION}/{self.name}"


@dataclass(frozen=True, slots=True)
class Nothing:
    """A question without content."""


@dataclass(frozen=True, slots=True)
class LiveQuestion:
    """Live values of one device, or of all (None)."""

    device: int | None = None


STATE = Call("state", TypeAdapter(Nothing), TypeAdapter(EngineState))
LIVE = Call("live", TypeAdapter(LiveQuestion), TypeAdapter(tuple[LiveValue, ...]))
# answers one line per change, until either side closes
LIVE_STREAM = Call("live-stream", TypeAdapter(Nothing), TypeAdapter(tuple[LiveValue, ...]))
RELOAD = Call("reload", TypeAdapter(Reload), TypeAdapter(Reloaded))
IDENTIFY = Call("identify", TypeAdapter(IdentifyRequest), TypeAdapter(Identification))
SCAN = Call("scan", TypeAdapter(ScanRequest), TypeAdapter(Scanned))
STATISTICS = Call("statistics", TypeAdapter(Nothing), TypeAdapter(tuple[TrafficStatistics, ...]))
RESET_STATISTICS = Call("reset-statistics", TypeAdapter(Reset), TypeAdapter(Stored))
FRAMES = Call("frames", TypeAdapter(FramesRequest), TypeAdapter(tuple[BusFrame, ...]))
PLAN = Call("plan", TypeAdapter(PlanRequest), TypeAdapter(ReadPlan))
BACKFILL = Call("backfill", TypeAdapter(GivenReadings), TypeAdapter(Stored))
CORRECT = Call("correct", TypeAdapter(GivenReadings), TypeAdapter(Stored))
IMPORT_CHUNKS = Call("import-chunks", TypeAdapter(GivenChunks), TypeAdapter(Stored))
FORGET_BEFORE = Call("forget-before", TypeAdapter(ForgetBefore), TypeAdapter(Stored))
IO = Call("io", TypeAdapter(Nothing), TypeAdapter(IoState))
TEST_RELAY = Call("test-relay", TypeAdapter(RelayTest), TypeAdapter(IoOutput))
