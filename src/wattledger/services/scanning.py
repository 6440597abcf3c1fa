"""The job that scans a bus: one step of the engine after the other, with progress, until all is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator

from wattledger.engine.api import (
    SCAN_ORDER,
    SCAN_REPORT,
    EngineClient,
    EngineError,
    EngineRefusedError,
    EngineUnreachableError,
    LineSettings,
    ScanFinding,
    Scanned,
    ScannedUnit,
    ScanReport,
    ScanRequest,
)
from wattledger.journal import Json
from wattledger.services.job_work import JobRun

MOST_UNITS_A_STEP = 32  # more than the engine can ask in a step where nobody answers
RETRY_S = 0.5
ENGINE_PATIENCE_S = 30.0  # an engine that died is back in seconds, one that hangs is restarted in half a minute
BUS_PATIENCE_S = 5.0  # an adapter that is plugged in again, a host that restarts its service
STANDSTILL_S = 120.0  # twice the longest tolerance of a slot: then recording alone takes more than the bus has


class ScanError(Exception):
    """The scan cannot go on; the text says why, in English."""


def scan(run: JobRun, engine: EngineClient) -> Json:
    """Do the scan that the job's parameters order; its report as JSON. Raises ScanError."""
    return _Scan(run, engine).report()


class _Scan:
    """One scan and what it has found so far."""

    def __init__(self, run: JobRun, engine: EngineClient) -> None:
        self._run = run
        self._engine = engine
        self._order = SCAN_ORDER.validate_python(dict(run.job.params))
        self._asked = 0
        self._findings: list[ScanFinding] = []
        self._spared: set[int] = set()

    def report(self) -> Json:
        began = time.monotonic()
        for settings in self._order.settings:
            for scanned in self._steps(settings):
                for unit in scanned.found:
                    self._findings.append(self._finding(unit, settings))
                self._spared |= set(scanned.spared)
        duration_s = round(time.monotonic() - began, 1)
        report = ScanReport(self._order, tuple(self._findings), tuple(sorted(self._spared)), duration_s)
        as_json: Json = SCAN_REPORT.dump_python(report, mode="json")
        return as_json

    def _steps(self, settings: LineSettings | None) -> Iterator[Scanned]:
        waiting = self._order.unit_ids
        moved_at = time.monotonic()
        while waiting:
            self._run.progress(self._asked / self._order.questions)
            scanned = self._step(waiting[:MOST_UNITS_A_STEP], settings)
            if scanned.asked:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > STANDSTILL_S:
                raise ScanError("the bus has no time for a scan: reading what is recorded takes all of it")
            yield scanned
            waiting = waiting[scanned.asked :]
            self._asked += scanned.asked

    def _step(self, unit_ids: tuple[int, ...], settings: LineSettings | None) -> Scanned:
        """One step, repeated while the engine or the bus is away for a moment."""
        request = ScanRequest(self._order.bus, unit_ids, settings, self._run.job.actor or "")
        began = time.monotonic()
        while True:
            try:
                return self._engine.scan(request)
            except (EngineUnreachableError, EngineRefusedError) as error:
                if time.monotonic() - began >= _patience_s(error):
                    raise ScanError(f"the scan was given up: {error}") from error
            self._run.progress(self._asked / self._order.questions)
            self._run.stop.wait(RETRY_S)

    def _finding(self, unit: ScannedUnit, settings: LineSettings | None) -> ScanFinding:
        serial = unit.said.get("serial")
        met = (one.unit for one in self._findings if serial and one.unit.said.get("serial") == serial)
        before = next((one for one in met if one.said.get("product") == unit.said.get("product")), None)
        return ScanFinding(unit, settings, before.unit_id if before else None)


def _patience_s(error: EngineError) -> float:
    """For how long it may help to ask again."""
    if isinstance(error, EngineUnreachableError):
        return ENGINE_PATIENCE_S
    code = error.code if isinstance(error, EngineRefusedError) else ""
    # An engine that has just started does not know its buses yet.
    return {"unknown_bus": BUS_PATIENCE_S, "unreachable": BUS_PATIENCE_S}.get(code, 0.0)
