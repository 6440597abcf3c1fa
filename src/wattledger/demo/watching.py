"""What there is to see of the running hotel, asked of the server's API a few devices at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wattledger.demo.client import Api
from wattledger.demo.plan import BUSES, DEVICES, PlannedDevice

ASKED_AT_ONCE = 6  # devices per look
# What is shown of a device: the first of these that it has; what several channels have of it is added up.
SHOWN = ("active_power.total", "gas_volume", "water_volume", "outdoor_temperature", "input_state")
DISABLED = "disabled"


@dataclass(slots=True)
class Seen:
    """A device of the plan as the server sees it; `condition` in the words of the API, or disabled."""

    planned: PlannedDevice
    bus: str
    condition: str = "waiting"
    value: float | None = None
    unit: str = ""
    age_s: float | None = None
    id: str = ""


@dataclass(slots=True)
class Watch:
    """Looks at one part of the devices after the other."""

    api: Api
    ids: Mapping[str, str]  # of devices, by their keys
    rows: list[Seen] = field(init=False)
    _next: int = 0

    def __post_init__(self) -> None:
        names = {bus.key: bus.name for bus in BUSES}
        self.rows = [Seen(device, names[device.bus]) for device in DEVICES]

    def look(self, *, at_most: int = ASKED_AT_ONCE) -> None:
        """See how all devices do, and what the next few show. Raises ApiError."""
        conditions = {row["device"]: str(row["condition"]) for row in self.api.get("state")["devices"]}
        for row in self.rows:
            row.id = self.ids.get(row.planned.key, "")
            row.condition = conditions.get(row.id, "waiting") if row.planned.is_enabled else DISABLED
        declared = [row for row in self.rows if row.id and row.planned.is_enabled]
        for place in range(self._next, self._next + min(at_most, len(declared))):
            self._show(declared[place % len(declared)])
        self._next += at_most

    @property
    def has_seen_each_bus(self) -> bool:
        """Whether there is a value from each bus."""
        return {row.bus for row in self.rows if row.value is not None} == {row.bus for row in self.rows}

    def _show(self, row: Seen) -> None:
        values = self.api.list(f"devices/{row.id}/live")
        for point in SHOWN:
            found = [value for value in values if value["point"] == point and value["value"] is not None]
            if found:
                row.value = sum(value["value"] for value in found)
                row.unit = found[0]["unit"]
                row.age_s = max(value["age_s"] for value in found)
                return
