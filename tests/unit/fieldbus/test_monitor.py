"""The ring of the last frames."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wattledger.fieldbus import Direction, FrameMonitor, Happening

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_entries_tell_when_which_way_which_unit_and_what() -> None:
    seconds = iter(range(8))
    monitor = FrameMonitor(clock=lambda: NOON.timestamp() + next(seconds))

    monitor.connected()
    monitor.requested(7, b"\x00\x01\xab")
    monitor.answered(7, b"\x01", is_exception=False)
    monitor.answered(7, b"\x02", is_exception=True)
    monitor.rejected(None, b"\x03", "no frame")
    monitor.came_late(9, b"\x04", "nobody waits for it")
    monitor.timed_out(7, "no answer within 1 s")
    monitor.lost("the peer closed the connection")
    entries = monitor.snapshot()

    assert [entry.at for entry in entries] == [NOON + timedelta(seconds=n) for n in range(8)]
    assert [(entry.happening, entry.direction, entry.unit_id, entry.hex, entry.reason) for entry in entries] == [
        (Happening.CONNECTED, None, None, "", ""),
        (Happening.REQUEST, Direction.SENT, 7, "00 01 AB", ""),
        (Happening.ACCEPTED, Direction.RECEIVED, 7, "01", ""),
        (Happening.EXCEPTION, Direction.RECEIVED, 7, "02", ""),
        (Happening.REJECTED, Direction.RECEIVED, None, "03", "no frame"),
        (Happening.LATE, Direction.RECEIVED, 9, "04", "nobody waits for it"),
        (Happening.TIMEOUT, None, 7, "", "no answer within 1 s"),
        (Happening.LOST, None, None, "", "the peer closed the connection"),
    ]


def test_the_oldest_give_way_and_a_snapshot_stays_as_it_was() -> None:
    monitor = FrameMonitor(most_entries=3)
    for unit_id in range(5):
        monitor.requested(unit_id, b"\x01")
    before = monitor.snapshot()

    monitor.clear()

    assert [entry.unit_id for entry in before] == [2, 3, 4]
    assert monitor.snapshot() == ()
