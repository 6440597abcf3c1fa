"""What the terminal shows of the running demo: where to go, what the devices show, how far the history has come."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from wattledger.demo.plan import SITE
from wattledger.demo.seeding import Progress
from wattledger.demo.watching import DISABLED, Seen
from wattledger.web.terminal import gettext as _

KILO = {"W": "kW", "var": "kvar", "VA": "kVA", "Wh": "kWh", "varh": "kvarh", "VAh": "kVAh"}
MARK = {
    "answering": ("●", "green"),
    "silent": ("✗", "red"),
    "unreachable": ("✗", "red"),
    "refusing": ("!", "yellow"),
    DISABLED: ("‖", "dim"),
}
BAR_WIDTH = 40


def screen(
    address: str, token_file: Path, rows: list[Seen], progress: Progress | None, *, incoming: str, notice: str = ""
) -> Group:
    """The whole picture, made anew each second; `incoming` is the id of the incomer's meter."""
    return Group(
        Text.assemble((f"Wattledger – {SITE['name']}  ", "bold"), (f"{address}/api/v1/", "bold cyan")),
        "",
        _table(rows),
        *_history(progress),
        Text(notice, style="yellow"),
        Text(_("Ask it yourself, from another terminal:"), style="bold"),
        *_lines(address, token_file, incoming),
        "",
        Text(_("Let something go wrong: {command}").format(command="wattledger demo incident"), style="dim"),
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


def _history(progress: Progress | None) -> list[RenderableType]:
    if progress is None:
        return []
    if progress.is_done:
        return [Text(_("The history is there."), style="green")]
    bar = Table.grid(padding=(0, 1))
    text = _("History, now {month}").format(month=progress.month)
    bar.add_row(text, ProgressBar(total=1.0, completed=progress.share, width=BAR_WIDTH), f"{progress.share:.0%}")
    return [bar]


def _table(rows: list[Seen]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    table.add_column(_("Device"), no_wrap=True)
    table.add_column(_("Type"), no_wrap=True, style="dim")
    table.add_column(_("Bus and address"), no_wrap=True)
    table.add_column(_("State"), no_wrap=True)
    table.add_column(_("Value"), justify="right", style="bold", no_wrap=True)
    table.add_column(_("Age"), justify="right", style="dim", no_wrap=True)
    for row in rows:
        sign, style = MARK.get(row.condition, ("…", "dim"))
        table.add_row(
            Text(sign, style=style),
            row.planned.name,
            row.planned.product,
            f"{row.bus} · {row.planned.unit_id}",
            Text(_state(row.condition), style=style),
            _shown(row),
            "" if row.age_s is None else _age(row.age_s),
        )
    return table


def _state(condition: str) -> str:
    return {
        "answering": _("answers"),
        "silent": _("silent"),
        "unreachable": _("cannot be reached"),
        "refusing": _("refuses"),
        DISABLED: _("disabled"),
    }.get(condition, _("waiting"))


def _shown(row: Seen) -> str:
    if row.value is None:
        return "–"
    number, unit = row.value, row.unit
    if unit == "1":
        return _("open") if number else _("closed")
    if unit in KILO:
        number, unit = number / 1000, KILO[unit]
    decimals = {"kW": 2, "°C": 1, "m³": 2}.get(unit, 1)
    return f"{number:,.{decimals}f} {unit}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _age(age_s: float) -> str:
    return f"{age_s:.0f} s" if age_s < 120 else f"{age_s / 60:.0f} min"
