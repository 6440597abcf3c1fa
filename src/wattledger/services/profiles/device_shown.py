"""What one look at a device gave, as lines of text: every value with its register and what stood in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wattledger.catalog import DeviceMap, MappedParameter, MappedPoint, Profile
from wattledger.fieldbus import (
    AlarmState,
    DoubledUnitError,
    LinkError,
    PointValues,
    RefusedError,
    RequestError,
    Setting,
    UnfitAnswerError,
    is_silence,
)
from wattledger.services.profiles.tables import aligned
from wattledger.web.terminal import gettext as _
from wattledger.web.terminal import language

DIGITS = 12  # of a value; what a float of a device has is shorter


@dataclass(frozen=True, slots=True)
class Seen:
    """Points, settings and alarms of a device at one time."""

    points: PointValues
    settings: Sequence[Setting]
    alarms: Sequence[AlarmState]

    @property
    def is_answered(self) -> bool:
        """Whether anything at all was answered that was asked for; nothing asked is not silence."""
        is_asked = bool(self.points.failures or self.points.answers or self.settings or self.alarms)
        errors = [*(one.error for one in self.settings), *(one.error for one in self.alarms)]
        return bool(self.points.answers) or None in errors or not is_asked


def seen_lines(seen: Seen, profile: Profile, mapped: DeviceMap) -> Iterator[str]:
    """The tables of what was seen; a profile without registers gives one line that says so."""
    if not mapped.points:
        yield _("The profile has no points: nothing is known of the registers of this device.")
    else:
        yield from aligned(list(_point_rows(seen.points, profile, mapped)), right=(1,))
    if seen.settings:
        header = [_("setting"), _("value"), _("unit"), _("register")]
        yield ""
        yield from aligned([header, *(_setting_row(one, profile) for one in seen.settings)], right=(1,))
    if seen.alarms:
        header = [_("alarm"), _("state"), _("register")]
        yield ""
        yield from aligned([header, *(_alarm_row(one, profile) for one in seen.alarms)])


def reason_of(error: RequestError | LinkError) -> str:
    """Why there is no value, in few words."""
    match error:
        case RefusedError() if not error.means_silence:
            return _("refused by the device (exception {code})").format(code=error.code)
        case LinkError():
            return _("no connection")
        case DoubledUnitError():
            return _("two devices answer")
        case UnfitAnswerError():
            return _("no fitting answer")
        case _ if is_silence(error):
            return _("no answer")
        case _:
            return str(error)


def _point_rows(values: PointValues, profile: Profile, mapped: DeviceMap) -> Iterator[list[str]]:
    channels = mapped.channels > 1
    header = [_("point"), _("value"), _("unit"), _("register"), _("raw")]
    yield [*header, _("channel")] if channels else header
    shown = {
        point: _shown(value, point, profile) for answer in values.answers for point, value in answer.values.items()
    }
    raw = {point: answer.registers_of(point) for answer in values.answers for point in answer.values}
    failed = {point: reason_of(failure.error) for failure in values.failures for point in failure.points}
    for point in mapped.points:
        unit = point.name.measures.unit
        row = [
            str(point.name),
            shown.get(point) or failed.get(point, ""),
            unit if point in shown and unit != "1" else "",
            _registers(point),
            " ".join(f"{register:04X}" for register in raw.get(point, ())),
        ]
        yield [*row, str(point.channel)] if channels else row


def _shown(value: float | None, point: MappedPoint, profile: Profile) -> str:
    if value is None:
        return _("not available")
    key = point.values.get(int(value)) if value.is_integer() else None
    number = f"{value:.{DIGITS}g}"
    return number if key is None else f"{profile.text(key, language())} ({number})"


def _registers(point: MappedPoint) -> str:
    return "+".join(str(start) for start, _end in point.spans)


def _setting_row(one: Setting, profile: Profile) -> list[str]:
    parameter = one.parameter
    unit = "" if parameter.unit == "1" or one.value is None else parameter.unit
    return [profile.text(parameter.text, language()), _set_to(one, profile), unit, _place(parameter)]


def _set_to(one: Setting, profile: Profile) -> str:
    if one.error is not None:
        return reason_of(one.error)
    if one.value is None:
        return _("not available")
    number = f"{one.value:.{DIGITS}g}"
    return number if one.choice is None else f"{profile.text(one.choice, language())} ({number})"


def _place(parameter: MappedParameter) -> str:
    return str(parameter.address)


def _alarm_row(one: AlarmState, profile: Profile) -> list[str]:
    state = reason_of(one.error) if one.error is not None else _("raised") if one.is_raised else _("not raised")
    bit = "" if one.alarm.bit is None else f".{one.alarm.bit}"
    return [profile.text(one.alarm.text, language(), one.alarm.args), state, f"{one.alarm.address}{bit}"]
