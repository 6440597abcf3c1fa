"""One device under acquisition: what is to be read of it now, and what becomes of its answers."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from wattledger.archive import Frame, HeldFrame
from wattledger.catalog import MappedPoint, PollClass
from wattledger.engine.assembly import DeviceSetup
from wattledger.engine.condition import ConditionKeeper
from wattledger.engine.device_clock import DeviceClock
from wattledger.engine.holding import held_frame, hold_period_s
from wattledger.engine.slotting import SlotKeeper
from wattledger.fieldbus import Backoff, BlockMemory

# How often points are read between the slots. Powers and voltages move with every load; indexes are watched as well,
# so that a reset is seen soon; what never changes is asked again in case the meter was exchanged.
POLL_PERIOD_S: dict[PollClass, float] = {
    PollClass.FAST: 1.0,
    PollClass.NORMAL: 5.0,
    PollClass.SLOW: 15.0,
    PollClass.ONCE: 3600.0,
}
FIRST_PAUSE_S = 1.0
SLOT_RETRY_S = 2.0  # after an answer in part
MOST_PAUSE_S = 30.0  # half the tolerance of most intervals: a device that comes back is found within the slot
LOOK_S = 0.25  # how often a slot that waits for more is looked at
FAR_FUTURE = datetime.max.replace(tzinfo=UTC)
WAKES_A_SECOND = 16  # devices are woken for together: each by itself costs nearly as much again as its reading
PHASE_STEP = 0.618034  # the golden section: however many devices there are, their phases lie well apart


class DeviceAcquisition:
    """Everything that is remembered of one device between two requests."""

    def __init__(self, setup: DeviceSetup, *, zone: ZoneInfo, condition: ConditionKeeper) -> None:
        self.setup = setup
        self.condition = condition
        self.memory = BlockMemory()
        self.clock = None if setup.map.clock is None else DeviceClock(setup.map.clock, zone=zone)
        self._keepers = [SlotKeeper(group, zone=zone) for group in setup.groups]
        self._by_class: dict[PollClass, list[MappedPoint]] = {}
        for point in setup.map.points:
            self._by_class.setdefault(point.poll, []).append(point)
        self._fastest = min(self._by_class, key=POLL_PERIOD_S.__getitem__, default=None)
        self._fastest_asked_s: float | None = None
        self.cycle_s: float | None = None  # between the last two live readings; None: there were no two in a row
        self._due_sets: dict[tuple[PollClass, ...], frozenset[MappedPoint]] = {}
        self._live_due_s = dict.fromkeys(self._by_class, 0.0)
        self._phase = setup.device.id * PHASE_STEP % 1
        self._quiet: tuple[datetime, datetime] | None = None  # no slot waits for anything from the first to the second
        self._hold_due_s = 0.0
        self._slot_retry_s = 0.0
        self._pauses = Backoff(first_s=FIRST_PAUSE_S, most_s=MOST_PAUSE_S)
        self._silent_until_s = 0.0
        self._known_good: Collection[MappedPoint] = ()

    @property
    def is_failing(self) -> bool:
        """Whether the device did not speak when it was asked last."""
        return self._silent_until_s > 0

    def is_resting(self, monotonic_s: float) -> bool:
        """Whether a silent device is left alone for now."""
        return monotonic_s < self._silent_until_s

    def resting_until_s(self) -> float:
        """The monotonic time from which the device is asked again."""
        return self._silent_until_s

    def due_at_slot(self, now: datetime, *, energies: bool, monotonic_s: float) -> frozenset[MappedPoint]:
        """The points that the present slots still wait for: the energies, or all others."""
        if monotonic_s < self._slot_retry_s or self._is_quiet(now):
            return frozenset()
        waiting = [keeper.due(now) for keeper in self._keepers if keeper.group.energies is energies]
        return frozenset().union(*waiting)

    def waits_for_slot(self, now: datetime) -> bool:
        """Whether any present slot still waits for a value."""
        return not self._is_quiet(now) and any(keeper.due(now) for keeper in self._keepers)

    def live_due_s(self) -> float:
        """The monotonic time at which the next live values are due."""
        return min(self._live_due_s.values(), default=float("inf"))

    def due_live(self, monotonic_s: float) -> frozenset[MappedPoint]:
        """The points whose poll class is due."""
        due = tuple(poll for poll, at in self._live_due_s.items() if at <= monotonic_s)
        points = self._due_sets.get(due)
        if points is None:
            points = self._due_sets[due] = frozenset(point for poll in due for point in self._by_class[poll])
        return points

    def wakes_in_s(self, now: datetime | None, monotonic_s: float) -> float:
        """In how many seconds there may be something to do with the device, unless the wall clock is moved."""
        if self.is_failing:
            return self._silent_until_s - monotonic_s
        if now is None:
            slot_in_s = self._hold_due_s - monotonic_s if self.setup.groups else float("inf")
        elif self._is_quiet(now) and self._quiet is not None:
            slot_in_s = (self._quiet[1] - now).total_seconds()
        else:
            slot_in_s = LOOK_S
        return min(self.live_due_s() - monotonic_s, slot_in_s)

    def due_for_holding(self, monotonic_s: float) -> frozenset[MappedPoint]:
        """All recorded points, once in a while, as long as the clock is in doubt."""
        if monotonic_s < self._hold_due_s:
            return frozenset()
        return frozenset(member.point for group in self.setup.groups for member in group.members)

    def asked(self, points: Iterable[MappedPoint], monotonic_s: float) -> None:
        """These points have just been asked for, with or without success: their classes are due one period later.

        The period counts from when they were due, so that they are read as often as promised. After the first time it
        is cut short, by another share for each device: else those that began together would be read together for ever,
        and hold up everything else in bursts.
        """
        for poll in {point.poll for point in points}:
            period_s, due_s = POLL_PERIOD_S[poll], self._live_due_s[poll]
            if due_s == 0:
                begin_s = monotonic_s + period_s * self._phase
                self._live_due_s[poll] = math.ceil(begin_s * WAKES_A_SECOND) / WAKES_A_SECOND
            else:
                on_time_s = due_s + period_s
                self._live_due_s[poll] = on_time_s if on_time_s > monotonic_s else monotonic_s + period_s
            if poll is self._fastest:
                before_s, self._fastest_asked_s = self._fastest_asked_s, monotonic_s
                self.cycle_s = None if before_s is None else monotonic_s - before_s

    def take(self, answers: Mapping[MappedPoint, float | None], *, at: datetime) -> None:
        """Answers read at the trusted time `at`: they serve the slots that wait for them."""
        for keeper in self._keepers:
            keeper.take(answers, at=at)

    def finished(self, now: datetime) -> list[Frame]:
        """The frames that are ready to be recorded."""
        if self._is_quiet(now):
            return []
        return [frame for keeper in self._keepers if (frame := keeper.finished(now)) is not None]

    def never(self, points: Iterable[MappedPoint]) -> None:
        """The device refused these points when asked for them alone."""
        for keeper in self._keepers:
            keeper.never(points)

    def hold(self, answers: Mapping[MappedPoint, float | None], *, boot: str, monotonic_s: float) -> list[HeldFrame]:
        """Undated frames of these answers."""
        frames = (held_frame(group, answers, boot=boot, monotonic_s=monotonic_s) for group in self.setup.groups)
        return [frame for frame in frames if frame is not None]

    def held(self, monotonic_s: float) -> None:
        """The device was asked for what is held: again after the hold period."""
        self._hold_due_s = monotonic_s + hold_period_s(self.setup.groups)

    def restart_slots(self) -> None:
        """The wall clock stepped: begin anew with the slots of the new time."""
        self._quiet = None
        for keeper in self._keepers:
            keeper.restart()
        if self.clock is not None:
            self.clock.restart()

    def probe_point(self) -> MappedPoint:
        """What a device that fell silent is asked: the shortest point that it answered, else that it may have."""
        known = [point for point in self._known_good if not self.memory.is_refused(point)]
        may_be = known or [point for point in self.setup.map.points if not self.memory.is_refused(point)]
        return min(may_be or self.setup.map.points, key=lambda point: point.words)

    def answered(self, known_good: Collection[MappedPoint] = ()) -> None:
        """The device spoke, of these points among others: ask it as usual."""
        self._pauses.reset()
        self._silent_until_s = 0.0
        self._known_good = known_good or self._known_good

    def doubted(self, monotonic_s: float) -> None:
        """The device answered and then fell silent: whether it still speaks is to be known before more is asked."""
        self._silent_until_s = monotonic_s

    def missed(self, monotonic_s: float) -> None:
        """The device answered in part: what its slots still wait for is asked again a little later."""
        self._slot_retry_s = monotonic_s + SLOT_RETRY_S

    def searched(self, monotonic_s: float) -> None:
        """Where the device has its registers is not known yet: the search goes on when others had their turn."""
        self._slot_retry_s = monotonic_s + LOOK_S

    def failed(self, monotonic_s: float) -> None:
        """The device did not speak: leave it alone for a pause that grows, for the sake of its neighbours."""
        self._silent_until_s = monotonic_s + self._pauses.next_s()
        self._fastest_asked_s = self.cycle_s = None
        if self.clock is not None:
            self.clock.lost_touch(monotonic_s)

    def _is_quiet(self, now: datetime) -> bool:
        """Whether no slot waits for anything; worked out again only when that may have changed."""
        if self._quiet is not None and self._quiet[0] <= now < self._quiet[1]:
            return True
        until = FAR_FUTURE
        for keeper in self._keepers:
            end = keeper.rests_until(now)
            if end is None:
                return False
            until = min(until, end)
        self._quiet = now, until
        return True
