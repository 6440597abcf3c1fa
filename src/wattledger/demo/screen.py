"""What the terminal shows of the running demo: where to go, and the meter's live values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from wattledger.web.terminal import gettext as _

# What an electrician looks at first, in this order; the rest is in the API.
SHOWN = (
    "voltage.l1-n",
    "voltage.l2-n",
    "voltage.l3-n",
    "current.l1",
    "current.l2",
    "current.l3",
    "active_power.total",
    "reactive_power.total",
    "power_factor.total",
    "frequency",
    "active_energy.import.total",
    "active_energy.export.total",
)
KILO = {"W": "kW", "var": "kvar", "VA": "kVA", "Wh": "kWh", "varh": "kvarh", "VAh": "kVAh"}
MARK = {"good": ("●", "green"), "stale": ("○", "yellow"), "not_available": ("–", "dim")}


def screen(address: str, token_file: Path, device: str, values: list[dict[str, Any]], *, notice: str = "") -> Group:
    """The whole picture, made anew each second."""
    return Group(
        Text.assemble(("Wattledger  ", "bold"), (f"{address}/api/v1/", "bold cyan")),
        "",
        _table(values) if values else Text(notice or _("Waiting for the meter's first answer …"), style="yellow"),
        Text(notice if values else "", style="yellow"),
        Text(_("Ask it yourself, from another terminal:"), style="bold"),
        *_lines(address, token_file, device),
        "",
        Text(_("Ctrl-C ends the demo."), style="dim"),
    )


def _lines(address: str, token_file: Path, device: str) -> list[Text]:
    paths = (f"devices/{device}/live", f"readings?device={device}&point=active_power.total", "events")
    lines = [
        f"A={address}/api/v1",
        f'H="Authorization: Bearer $(cat {token_file})"',
        *(f'curl -kH "$H" "$A/{path}"' for path in paths),
    ]
    # short and never folded, so that they can be copied as they are
    return [Text(line, style="dim", no_wrap=True, overflow="ignore") for line in lines]


def _table(values: list[dict[str, Any]]) -> Table:
    by_point = {value["point"]: value for value in values}
    table = Table(title=_("Main meter, ECR380D"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    table.add_column(_("Measurement"))
    table.add_column(_("Value"), justify="right", style="bold")
    table.add_column(_("Unit"))
    table.add_column(_("Age"), justify="right", style="dim")
    for point in SHOWN:
        if point in by_point:
            table.add_row(*_row(by_point[point]))
    return table


def _row(value: dict[str, Any]) -> tuple[Text, str, str, str, str]:
    sign, style = MARK.get(value["quality"], ("?", "red"))
    number, unit = value["value"], value["unit"]
    if number is not None and unit in KILO:
        number, unit = number / 1000, KILO[unit]
    return (
        Text(sign, style=style),
        _name(value["point"]),
        _shown(number, unit),
        "" if unit == "1" else unit,
        _age(value),
    )


def _shown(number: float | None, unit: str) -> str:
    if number is None:
        return "–"
    decimals = {"V": 1, "Hz": 2, "1": 3, "kWh": 0, "kvarh": 0, "kVAh": 0}.get(unit, 2)
    return f"{number:,.{decimals}f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _age(value: dict[str, Any]) -> str:
    return f"{value['age_s']:.0f} s"


def _name(point: str) -> str:
    return {
        "voltage.l1-n": _("Voltage L1–N"),
        "voltage.l2-n": _("Voltage L2–N"),
        "voltage.l3-n": _("Voltage L3–N"),
        "current.l1": _("Current L1"),
        "current.l2": _("Current L2"),
        "current.l3": _("Current L3"),
        "active_power.total": _("Active power"),
        "reactive_power.total": _("Reactive power"),
        "power_factor.total": _("Power factor"),
        "frequency": _("Frequency"),
        "active_energy.import.total": _("Active energy, drawn"),
        "active_energy.export.total": _("Active energy, delivered"),
    }.get(point, point)
