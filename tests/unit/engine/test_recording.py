"""What was read reaches the card in few commits, and all of it at a stop."""

import asyncio
import selectors
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from wattledger.archive import EmbeddedArchive, Frame
from wattledger.engine.gathering import Gathering, monotonic_s
from wattledger.engine.recording import MOST_FRAMES_A_COMMIT, Recorder

SLOT = datetime(2026, 6, 1, 12, tzinfo=UTC)


class NoEvents:
    """Nothing that is told here matters."""

    def begin(self, *_: Any, **__: Any) -> None: ...

    def end(self, *_: Any) -> None: ...


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop that skips what it would sleep."""

    def __init__(self) -> None:
        self.now_s = 0.0
        super().__init__(_Skipping(self))

    def time(self) -> float:
        return self.now_s


class _Skipping(selectors.DefaultSelector):
    def __init__(self, loop: SkippingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        self._loop.now_s += timeout or 0.0
        return super().select(0)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[EmbeddedArchive]:
    with EmbeddedArchive.open(tmp_path, durable=False) as archive:
        yield archive


def frame(device: int, *, slot: datetime = SLOT) -> Frame:
    return Frame(slot, 300, 0.3 * device, (device,), (0,), (230,))


def recorder_of(archive: EmbeddedArchive, on_recorded: Callable[[Frame], None]) -> Recorder:
    async def nothing(_: Any) -> None: ...

    return Recorder(archive, events=cast("Any", NoEvents()), before_writing=nothing, on_recorded=on_recorded)


async def test_what_devices_answer_one_after_the_other_is_written_in_one_commit(archive: EmbeddedArchive) -> None:
    recorded: list[Frame] = []
    whole = asyncio.Event()

    def on_recorded(one: Frame) -> None:
        recorded.append(one)
        if len(recorded) == 31:
            whole.set()

    recorder = recorder_of(archive, on_recorded)
    running = asyncio.create_task(recorder.run())
    for device in range(1, 32):
        recorder.record([frame(device)])
        await asyncio.sleep(0)  # lets the recorder see each by itself
    await whole.wait()
    running.cancel()

    assert [one.series for one in recorded] == [(device,) for device in range(1, 32)]
    assert [len(change.series) for change in archive.changes(0).changes] == [31]


async def test_a_stop_writes_what_waits_at_once(archive: EmbeddedArchive) -> None:
    recorder = recorder_of(archive, lambda frame: None)
    slots = [SLOT + timedelta(minutes=5 * number) for number in range(MOST_FRAMES_A_COMMIT + 1)]
    recorder.record([frame(1, slot=slot) for slot in slots])

    assert await recorder.flush()

    assert len(archive.read([1], SLOT, slots[-1] + timedelta(seconds=1))[1]) == len(slots)


def commits_s(arrivals_s: Sequence[float]) -> list[float]:
    """When what comes at these times is written, in seconds."""

    async def commits() -> list[float]:
        gathering, at_s, left = Gathering(), [], list(arrivals_s)
        while left:
            await asyncio.sleep(left[0] - monotonic_s())
            while left and left[0] <= max(monotonic_s(), gathering.due_s()):
                gathering.came(left.pop(0))
            await gathering.complete()
            at_s.append(monotonic_s())
        return at_s

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(commits())


def test_what_comes_together_is_written_when_no_more_comes() -> None:
    assert commits_s([100.0, 100.1, 100.9, 1000.0]) == pytest.approx([101.9, 1001.0])


def test_what_keeps_coming_is_written_every_eight_seconds() -> None:
    every_third = [100 + 0.3 * number for number in range(40)]  # the last at 111.7

    assert commits_s(every_third) == pytest.approx([108.0, 116.0])


def test_a_slow_line_writes_no_more_often() -> None:
    assert commits_s([100.0, 103.0, 106.0, 110.0, 113.0]) == pytest.approx([101.0, 109.0, 117.0])
