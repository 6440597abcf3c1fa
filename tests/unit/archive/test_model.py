"""Whatever is done to an archive, it holds what a dictionary would, and so does who follows its changes."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from wattledger.archive import Columns, EmbeddedArchive, EmbeddedReader, Frame, HeldFrame, Point, Rhythm, check
from wattledger.archive.embedded.snapshot import Snapshot
from wattledger.measure import Quality, from_scaled, to_scaled

SERIES = range(1, 5)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)  # of a month, too
SLOTS = tuple(
    MIDNIGHT + timedelta(days=days, minutes=10 * number) for days in (-1, 0, 2) for number in (-3, -2, -1, 0, 1)
)
EVER = (MIDNIGHT - timedelta(days=9), MIDNIGHT + timedelta(days=9))
ZONES = (ZoneInfo("Europe/Paris"), ZoneInfo("America/St_Johns"))
RHYTHM = Rhythm(
    slice_s=0.0, enough_late=2, most_single=2, fold_imports_after_s=0.0, late_look_every_s=0.0, fold_again_after_s=0.0
)

Model = dict[tuple[int, datetime], tuple[float, int] | None]  # None: deleted by a person

slots = st.sampled_from(SLOTS)
decimals = st.integers(0, 2)
numbers = st.integers(-(2**40), 2**40)
qualities = st.sampled_from([Quality.GOOD, Quality.RESET, Quality.UNCERTAIN])


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    series = tuple(draw(st.lists(st.sampled_from(SERIES), min_size=1, max_size=4, unique=True)))
    cells = [draw(st.none() | numbers) for _ in series]
    return Frame(
        draw(slots),
        draw(st.sampled_from([300, 600])),
        draw(st.sampled_from([0.0, 1.5])),
        series,
        (draw(decimals),) * len(series),
        tuple(cells),
        tuple(draw(qualities) for _ in series) if draw(st.booleans()) else None,
    )


points = st.lists(st.builds(Point, slots, st.floats(-1e6, 1e6)), max_size=4)
corrections = st.lists(st.builds(Point, slots, st.none() | st.floats(-1e6, 1e6)), max_size=4)


class ArchiveModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.folder = Path(self.directory.name)
        self.model: Model = {}
        self.followed: Model = {}
        self.cursor = 0
        self.held: list[HeldFrame] = []
        self.forgotten: set[int] = set()
        self.looking: ExitStack = ExitStack()
        self.seen: tuple[Snapshot, Model] | None = None

    @initialize()
    def begin(self) -> None:
        self.archive = EmbeddedArchive.open(self.folder, durable=False, rhythm=RHYTHM)
        self.reader = EmbeddedReader.open(self.folder)

    def teardown(self) -> None:
        self.looking.close()
        self.archive.close()
        assert check(self.folder) == []
        self.directory.cleanup()

    @rule(given=st.lists(frames(), max_size=3))
    def record(self, given: list[Frame]) -> None:
        assert self.archive.record(given).result() == sum(self.take(frame) for frame in given)

    @rule(given=st.lists(frames(), min_size=2, max_size=4))
    def record_one_by_one(self, given: list[Frame]) -> None:
        futures = [self.archive.record([frame]) for frame in given]

        assert [future.result() for future in futures] == [self.take(frame) for frame in given]

    @rule(series=st.sampled_from(SERIES), given=points, places=decimals)
    def backfill(self, series: int, given: list[Point], places: int) -> None:
        stored = self.archive.backfill(series, given, decimals=places).result()

        fresh = [p for p in given if (series, p.slot) not in self.model and series not in self.forgotten]
        assert stored == len({point.slot for point in fresh})
        for point in fresh:
            self.model.setdefault((series, point.slot), self.laid(point, places, Quality.LATE))

    @rule(series=st.sampled_from(SERIES), given=corrections, places=decimals)
    def correct(self, series: int, given: list[Point], places: int) -> None:
        self.archive.correct(series, given, decimals=places).result()

        for point in {point.slot: point for point in given if series not in self.forgotten}.values():
            key = (series, point.slot)
            if point.value is not None or self.model.get(key) is not None:
                self.model[key] = self.laid(point, places, Quality.CORRECTED)

    @rule(value=st.none() | numbers, places=decimals)
    def hold(self, value: int | None, places: int) -> None:
        frame = HeldFrame("boot", float(len(self.held)), (3, 1), (places, 0), (value, 4))
        self.held.append(frame)

        assert self.archive.hold([frame]).result() == len(self.held)

    @rule(given=st.lists(frames(), max_size=2))
    def release(self, given: list[Frame]) -> None:
        assert self.archive.held().result() == tuple(self.held)

        assert self.archive.release(given).result() == sum(self.take(frame) for frame in given)

        self.held = []

    @rule(
        days=st.sampled_from([-0.5, 0.2, 0.6, 1.2, 2.2, 3.2, 40.0]),
        zone=st.sampled_from(ZONES),
        slices=st.integers(1, 9),
    )
    def tend(self, days: float, zone: ZoneInfo, slices: int) -> None:
        """Seal and draw together what is due then, or only begin with it."""
        now = MIDNIGHT + timedelta(days=days)
        for _ in range(slices):
            if not self.archive.tend(now=now, zone=zone).result().more:
                break

    @rule(series=st.sampled_from(SERIES[2:]))
    def forget(self, series: int) -> None:
        assert self.archive.forget([series]).result() == int(series not in self.forgotten)

        self.forgotten.add(series)
        self.model = {key: cell for key, cell in self.model.items() if key[0] != series}

    @rule()
    def forget_before(self) -> None:
        self.archive.forget_before(MIDNIGHT).result()

        self.model = {key: cell for key, cell in self.model.items() if key[1] >= MIDNIGHT}
        self.followed = {key: cell for key, cell in self.followed.items() if key[1] >= MIDNIGHT}  # it is not told

    @rule()
    def look(self) -> None:
        """A reader that begins here and does not let go."""
        self.looking.close()
        snapshot = self.looking.enter_context(self.reader._snapshot())
        self.seen = (snapshot, self.expected()) if snapshot is not None else None

    @invariant()
    def who_does_not_let_go_sees_what_he_saw(self) -> None:
        if self.seen is not None:
            snapshot, expected = self.seen
            found = snapshot.readings(SERIES, start=int(EVER[0].timestamp()), end=int(EVER[1].timestamp()))
            assert as_model({each: readings.columns() for each, readings in found.items()}) == expected

    @rule()
    def reopen(self) -> None:
        self.archive.close()
        self.archive = EmbeddedArchive.open(self.folder, durable=False, rhythm=RHYTHM)

    @rule(limit=st.integers(1, 5))
    def follow(self, limit: int) -> None:
        changes = self.reader.changes(self.cursor, limit=limit)
        assert (changes.cursor > self.cursor) == bool(changes.changes)
        self.cursor = changes.cursor
        for change in changes.changes:
            for key in [
                key for key in self.followed if key[0] in change.series and change.start <= key[1] <= change.end
            ]:
                del self.followed[key]
            self.followed |= self.readings(change.series, change.start, change.end + timedelta(seconds=1))

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        expected = self.expected()
        assert self.readings(tuple(SERIES), *EVER) == expected

        newest = {series: max((slot for each, slot in expected if each == series), default=None) for series in SERIES}
        latest = self.reader.latest(tuple(SERIES))
        assert {series: (reading.slot, (reading.value, reading.quality)) for series, reading in latest.items()} == {
            series: (slot, expected[series, slot]) for series, slot in newest.items() if slot is not None
        }

    @invariant()
    def who_follows_ends_with_the_same(self) -> None:
        before = (dict(self.followed), self.cursor)
        while self.reader.changes(self.cursor).changes:
            self.follow(1000)
        assert self.followed == self.expected()
        self.followed, self.cursor = before  # it may also have lagged until the next rule

    def expected(self) -> Model:
        """What can be read."""
        return {key: cell for key, cell in self.model.items() if cell is not None}

    def take(self, frame: Frame) -> int:
        """Put into the model what `frame` brings; 1 when that is anything."""
        cells = zip(
            frame.series,
            frame.decimals,
            frame.values,
            frame.qualities or [Quality.GOOD] * len(frame.series),
            strict=True,
        )
        fresh = {
            (series, frame.slot): (from_scaled(value, decimals=places), int(quality))
            for series, places, value, quality in cells
            if value is not None and (series, frame.slot) not in self.model and series not in self.forgotten
        }
        self.model |= fresh
        return int(bool(fresh))

    @staticmethod
    def laid(point: Point, places: int, quality: Quality) -> tuple[float, int] | None:
        if point.value is None:
            return None
        return from_scaled(to_scaled(point.value, decimals=places), decimals=places), int(quality)

    def readings(self, series: tuple[int, ...], start: datetime, end: datetime) -> Model:
        return as_model(self.reader.read(series, start, end))


def as_model(read: Mapping[int, Columns]) -> Model:
    return {
        (each, datetime.fromtimestamp(slot, UTC)): (value, quality)
        for each, columns in read.items()
        for slot, value, quality in zip(
            columns.slots.tolist(), columns.values.tolist(), columns.qualities.tolist(), strict=True
        )
    }


TestArchiveModel = ArchiveModel.TestCase
TestArchiveModel.settings = settings(max_examples=int(os.environ.get("SOAK_EXAMPLES", "25")), stateful_step_count=20)
