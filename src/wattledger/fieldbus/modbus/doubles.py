"""Which units of a serial line are known to be one device each; pure.

Two devices on one address, or a repeater that sends everything twice, answer one request twice. An answer in Modbus RTU
does not say what it answers, so the second one would be taken for the answer to the next request of its shape, and from
there on every value would be that of the request before. (Where the answers lie over each other there is no frame with
a right check, so no value either.)

So a unit is trusted only after one of its answers was followed by a time of listening in which it said nothing more.
Until then none of its values are used, and as soon as an *extra* answer is heard, one that is neither waited for nor
owed (see `owed_answers`), it is not trusted any more. Trust ends by itself after an hour, with a silence that leaves
the time to change something at the device, and when the port is opened anew.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from wattledger.fieldbus.modbus.owed_answers import MOST_LATE_S

# One timeout, as a device may take that long to answer; but a very patient line must not stand still for each unit.
MOST_LISTENING_S = MOST_LATE_S
TRUSTED_S = 3600.0  # 31 units that are each listened to for 1 s an hour take less than 1 % of the line's time,
SPREAD_S = 10.0  # and each unit has its turn so much later than the one before, so that no slot waits for several
ABSENT_S = 10.0  # nobody sets an address, or exchanges a meter, in less


@dataclass(slots=True)
class _Unit:
    trusted_until: float = -math.inf
    heard_at: float = -math.inf
    extra_at: float = -math.inf


class Doubles:
    """What is known of the units of one line, in its own way of speaking; times are those of the line's clock."""

    def __init__(self, *, most_s: float = MOST_LISTENING_S) -> None:
        """`most_s`: no unit is listened to for longer than that."""
        self._most_s = most_s
        self._units: defaultdict[int, _Unit] = defaultdict(_Unit)

    def heard(self, unit_id: int, *, now: float) -> None:
        """The unit answered what it was asked."""
        self._units[unit_id].heard_at = now

    def listening_s(self, unit_id: int, *, timeout_s: float, now: float) -> float:
        """How long nothing more may come after an answer of the unit before that counts; 0: it is trusted."""
        return 0.0 if now < self._units[unit_id].trusted_until else min(timeout_s, self._most_s)

    def trust(self, unit_id: int, *, now: float) -> None:
        """It was listened to for long enough, and nothing more came."""
        self._units[unit_id].trusted_until = now + TRUSTED_S + SPREAD_S * unit_id

    def doubt(self, unit_id: int) -> None:
        """Something came of the unit that may have been an answer to something else."""
        self._units[unit_id].trusted_until = -math.inf

    def answered_again(self, unit_id: int, *, now: float) -> None:
        """An extra answer came."""
        self.doubt(unit_id)
        self._units[unit_id].extra_at = now

    def has_answered_again(self, unit_id: int, *, since: float) -> bool:
        """Whether an extra answer of the unit was heard since then."""
        return self._units[unit_id].extra_at >= since

    def silent(self, unit_id: int, *, now: float) -> None:
        """The unit did not answer; if that lasts, it may be another one that speaks next."""
        if now - self._units[unit_id].heard_at >= ABSENT_S:
            self.doubt(unit_id)
