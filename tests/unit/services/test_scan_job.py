"""The job of a scan: its steps, what it gives, and an engine or a bus that is away."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from wattledger.engine.api import (
    EngineClient,
    EngineRefusedError,
    ScanCertainty,
    Scanned,
    ScannedUnit,
    ScanRequest,
    calls,
)
from wattledger.engine.control import answering, control_server
from wattledger.engine.live import LiveTable
from wattledger.journal import Job, JobState, Journal
from wattledger.plant import DataFolder
from wattledger.services import scanning
from wattledger.services.job_work import JobCancelledError, JobRun, WorkerStoppingError
from wattledger.services.scanning import ScanError, scan

Answer = Callable[[ScanRequest], Scanned]
SLOWER = {"baudrate": 9600, "parity": "none", "stop_bits": None}


class StillClock:
    boot = "boot"

    def now(self) -> datetime:
        return datetime(2026, 6, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def synchronised(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "RETRY_S", 0.01)
    monkeypatch.setattr(scanning, "ENGINE_PATIENCE_S", 0.2)
    monkeypatch.setattr(scanning, "BUS_PATIENCE_S", 0.1)
    monkeypatch.setattr(scanning, "STANDSTILL_S", 0.1)


@contextmanager
def answered(folder: DataFolder, answer: Answer) -> Iterator[list[ScanRequest]]:
    """The engine's socket, where each step of a scan is answered by `answer`; gives what was asked."""
    asked: list[ScanRequest] = []
    folder.run.mkdir(exist_ok=True)
    is_up = threading.Event()

    async def reply(request: ScanRequest) -> Scanned:
        asked.append(request)
        return answer(request)

    async def serve() -> None:
        path, scanned = answering(calls.SCAN, reply)
        async with control_server(folder.engine_socket, {path: scanned}, LiveTable(StillClock())):
            is_up.set()
            await ended.wait()

    ended = asyncio.Event()
    runner = asyncio.Runner()
    loop = runner.get_loop()
    thread = threading.Thread(target=partial(runner.run, serve()))
    thread.start()
    assert is_up.wait(10)
    try:
        yield asked
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        runner.close()


def unit(number: int, *, serial: str = "", garbled: str = "") -> ScannedUnit:
    said = {"product": "ECR380D", "serial": serial} if serial else {}
    return ScannedUnit(number, None, said, ScanCertainty.UNKNOWN, (), garbled)


def run_of(journal: Journal, *, first: int, last: int, settings: list[Any]) -> JobRun:
    params: dict[str, Any] = {"bus": 7, "unit_ids": list(range(first, last + 1)), "settings": settings}
    journal.jobs.submit("scan", params=params, actor="anna")
    job = journal.jobs.claim()
    assert job is not None
    return JobRun(job, journal, threading.Event())


@pytest.fixture
def worker(journal: Journal) -> Iterator[None]:
    with journal.jobs.worker():
        yield


def scanned(folder: DataFolder, run: JobRun) -> Any:
    return scan(run, EngineClient(folder.engine_socket))


@pytest.mark.usefixtures("worker")
def test_every_address_is_asked_once_at_every_setting_however_far_a_step_comes(
    folder: DataFolder, journal: Journal
) -> None:
    shares: list[float] = []

    def seven_at_most(request: ScanRequest) -> Scanned:
        shares.append(journal.jobs.get(1).progress)
        return Scanned(min(7, len(request.unit_ids)), (), ())

    run = run_of(journal, first=1, last=40, settings=[None, SLOWER])
    with answered(folder, seven_at_most) as asked:
        report = scanned(folder, run)

    dealt_with = [(one.settings, unit_id) for one in asked for unit_id in one.unit_ids[:7]]
    assert [unit_id for settings, unit_id in dealt_with if settings is None] == list(range(1, 41))
    assert [unit_id for settings, unit_id in dealt_with if settings is not None] == list(range(1, 41))
    assert {(one.bus, one.actor) for one in asked} == {(7, "anna")}
    assert shares == sorted(shares)
    assert (shares[0], len(set(shares))) == (0.0, len(asked))
    assert report["findings"] == []


@pytest.mark.usefixtures("worker")
def test_the_report_tells_who_was_met_where_and_which_are_one_device(folder: DataFolder, journal: Journal) -> None:
    def meet(request: ScanRequest) -> Scanned:
        if request.settings is None:
            return Scanned(4, (unit(1, serial="A"), unit(2, serial="A"), unit(3), unit(4)), ())
        return Scanned(4, (unit(4, garbled="noise"),), (11,))

    run = run_of(journal, first=1, last=4, settings=[None, SLOWER])
    with answered(folder, meet):
        report = scanned(folder, run)

    met = [(one["unit"]["unit_id"], one["settings"], one["same_as"]) for one in report["findings"]]
    assert met == [(1, None, None), (2, None, 1), (3, None, None), (4, None, None), (4, SLOWER, None)]
    assert (report["spared"], report["order"]["bus"]) == ([11], 7)
    assert report["duration_s"] >= 0


@pytest.mark.usefixtures("worker")
def test_a_step_is_repeated_when_the_engine_was_away(folder: DataFolder, journal: Journal) -> None:
    refusals = [EngineRefusedError("unknown_bus", "not yet"), EngineRefusedError("unreachable", "no adapter")]

    def recovering(request: ScanRequest) -> Scanned:
        if refusals:
            raise refusals.pop()
        return Scanned(len(request.unit_ids), (unit(2),), ())

    run = run_of(journal, first=2, last=2, settings=[None])
    reports: list[Any] = []
    asking = threading.Thread(target=lambda: reports.append(scanned(folder, run)))
    asking.start()  # nobody listens yet
    with answered(folder, recovering) as asked:
        asking.join()

    assert [one["unit"]["unit_id"] for one in reports[0]["findings"]] == [2]
    assert len(asked) == 3


@pytest.mark.usefixtures("worker")
def test_an_engine_that_stays_away_fails_the_scan_with_the_reason(folder: DataFolder, journal: Journal) -> None:
    folder.run.mkdir()

    with pytest.raises(ScanError, match="given up: the engine does not answer"):
        scanned(folder, run_of(journal, first=1, last=9, settings=[None]))


@pytest.mark.parametrize(
    ("code", "steps"), [("unreachable", range(2, 100)), ("unknown_bus", range(2, 100)), ("no_line", range(1, 2))]
)
@pytest.mark.usefixtures("worker")
def test_a_lasting_refusal_fails_the_scan_with_the_reason(
    folder: DataFolder, journal: Journal, code: str, steps: range
) -> None:
    def refuse(_request: ScanRequest) -> Scanned:
        raise EngineRefusedError(code, "/dev/ttyUSB0: No such file or directory")

    run = run_of(journal, first=1, last=9, settings=[None])
    with answered(folder, refuse) as asked, pytest.raises(ScanError, match="given up: /dev/ttyUSB0: No such file"):
        scanned(folder, run)

    assert len(asked) in steps


@pytest.mark.usefixtures("worker")
def test_a_bus_that_has_no_time_fails_the_scan(folder: DataFolder, journal: Journal) -> None:
    run = run_of(journal, first=1, last=9, settings=[None])
    with answered(folder, lambda _: Scanned(0, (), ())), pytest.raises(ScanError, match="no time for a scan"):
        scanned(folder, run)


@pytest.mark.usefixtures("worker")
def test_a_scan_stops_after_the_step_during_which_it_is_cancelled(folder: DataFolder, journal: Journal) -> None:
    def cancelling(_request: ScanRequest) -> Scanned:
        assert journal.jobs.cancel(1) is JobState.RUNNING
        return Scanned(1, (), ())

    run = run_of(journal, first=1, last=9, settings=[None])
    with answered(folder, cancelling) as asked, pytest.raises(JobCancelledError):
        scanned(folder, run)

    assert len(asked) == 1


@pytest.mark.usefixtures("worker")
def test_a_worker_that_stops_does_not_wait_for_the_end_of_the_scan(folder: DataFolder, journal: Journal) -> None:
    run = run_of(journal, first=1, last=9, settings=[None])

    def stopping(_request: ScanRequest) -> Scanned:
        run.stop.set()
        return Scanned(1, (), ())

    with answered(folder, stopping), pytest.raises(WorkerStoppingError):
        scanned(folder, run)


def test_the_scan_of_a_worker_that_died_is_begun_anew_by_the_next(folder: DataFolder, journal: Journal) -> None:
    with journal.jobs.worker():
        run_of(journal, first=1, last=3, settings=[None])  # claimed, and never finished
    with journal.jobs.worker():
        again = journal.jobs.claim()
        assert isinstance(again, Job)
        with answered(folder, lambda one: Scanned(len(one.unit_ids), (), ())) as asked:
            scanned(folder, JobRun(again, journal, threading.Event()))

    assert [one.unit_ids for one in asked] == [(1, 2, 3)]
