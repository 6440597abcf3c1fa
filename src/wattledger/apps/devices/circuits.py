"""What circuits belong to, dated: checks and changes of their assignments. All within the caller's transaction."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import Model, QuerySet

from wattledger.apps.building.models import EnergySource, Landmark, Switchboard, Usage, Zone
from wattledger.apps.building.queries import site_zone
from wattledger.apps.devices.drafts import Belonging, CircuitDraft, Since
from wattledger.apps.devices.models import BEGINNING, Circuit, CircuitAssignment
from wattledger.apps.rest.problems import bad_field
from wattledger.measure import day_start, local_day

_COPIED = (
    "zone_id",
    "usage_id",
    "source_id",
    "switchboard_id",
    "landmark_id",
    "activity",
    "fed_by_id",
    "limit_a",
    "limit_w",
)


def assign(circuit: Circuit, draft: CircuitDraft, *, since: Since) -> bool:
    """Let the circuit belong as the draft says, from today or always; False when that changes nothing.

    Raises FieldError for what does not exist and for a circuit that would feed itself.
    """
    _check(circuit, draft)
    columns = _columns(draft.belonging)
    rows = list(circuit.assignments.order_by("valid_from"))
    concerned = _from_today(circuit, rows) if since is Since.TODAY or not rows else rows
    changed = [row for row in concerned if any(getattr(row, name) != value for name, value in columns.items())]
    for row in changed:
        for name, value in columns.items():
            setattr(row, name, value)
        row.save()
    return bool(changed)


def present_assignment(rows: list[CircuitAssignment], *, at: datetime) -> CircuitAssignment | None:
    """The one that holds at that time, of rows in the order of their dates; None: not assigned then."""
    return next((row for row in reversed(rows) if row.valid_from <= at), None)


def _from_today(circuit: Circuit, rows: list[CircuitAssignment]) -> list[CircuitAssignment]:
    """The row that begins today, a copy of the one before it when there is none yet."""
    zone = site_zone()
    today = day_start(local_day(datetime.now(UTC), zone=zone), zone=zone)
    before = present_assignment(rows, at=today)
    if before is None:
        return [CircuitAssignment(circuit=circuit, valid_from=BEGINNING if not rows else today)]
    if before.valid_from == today:
        return [before]
    copied = {name: getattr(before, name) for name in _COPIED}
    return [CircuitAssignment(circuit=circuit, valid_from=today, **copied)]


def _columns(belonging: Belonging) -> dict[str, object]:
    plain = {"activity", "limit_a", "limit_w"}
    return {name if name in plain else f"{name}_id": value for name, value in belonging.items()}


def _check(circuit: Circuit, draft: CircuitDraft) -> None:
    choices: dict[str, QuerySet[Model]] = {
        "zone": Zone.objects.filter(retired=False),
        "usage": Usage.objects.filter(retired=False).exclude(built_in=False, name=""),
        "source": EnergySource.objects.all(),
        "switchboard": Switchboard.objects.filter(retired=False),
        "landmark": Landmark.objects.filter(retired=False),
        "fed_by": Circuit.objects.filter(device__retired=None),
    }
    for name, rows in choices.items():
        wanted = draft.belonging.get(name)
        if wanted is not None and not rows.filter(pk=wanted).exists():
            raise bad_field(f"{draft.field}{name}", "unknown")
    feeder = draft.belonging.get("fed_by")
    if feeder is not None and _is_fed_by(feeder, circuit.pk):
        raise bad_field(f"{draft.field}fed_by", "feeds_in_circle")


def _is_fed_by(circuit: int, feeder: int) -> bool:
    """Whether `circuit` is `feeder` or hangs on it, through any number of others, at any date."""
    above: dict[int, set[int]] = {}
    for fed, by in CircuitAssignment.objects.exclude(fed_by=None).values_list("circuit_id", "fed_by_id"):
        above.setdefault(fed, set()).add(by)
    seen, waiting = set[int](), {circuit}
    while waiting:
        now = waiting.pop()
        if now == feeder:
            return True
        seen.add(now)
        waiting |= above.get(now, set()) - seen
    return False
