"""How profiles look in the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from wattledger.apps.devices.answers import profile_answer
from wattledger.apps.devices.profile_schemas import (
    AlarmOffer,
    CommandOffer,
    Meaning,
    ParameterOffer,
    PointOffer,
    ProductOffer,
    ProfileDetails,
    SourceAnswer,
)
from wattledger.catalog import (
    Command,
    CommandRange,
    DeviceMap,
    MappedAlarm,
    MappedParameter,
    MappedPoint,
    Profile,
)

TextOf = Callable[[str], str]


def profile_details(profile: Profile, mapped: DeviceMap | None, *, language: str) -> ProfileDetails:
    """A profile with its texts in `language`, and what the product of the map offers."""
    text_of = partial(profile.text, language=language)
    return ProfileDetails(
        **dict(profile_answer(profile)),
        version=profile.version,
        sources=[SourceAnswer(title=one.title, date=one.date, covers=one.covers) for one in profile.sources],
        notes=[text_of(key) for key in profile.notes],
        offer=_offer(profile, mapped, text_of, language) if mapped else None,
    )


def _offer(profile: Profile, mapped: DeviceMap, text_of: TextOf, language: str) -> ProductOffer:
    return ProductOffer(
        product=mapped.product,
        name=profile.product(mapped.product).name,
        channels=mapped.channels,
        points=[_point(one, text_of) for one in mapped.points],
        parameters=[_parameter(one, text_of) for one in mapped.parameters],
        commands=[_command(one, text_of) for one in mapped.commands],
        alarms=[_alarm(one, profile, language) for one in mapped.alarms],
    )


def _point(point: MappedPoint, text_of: TextOf) -> PointOffer:
    return PointOffer(
        channel=point.channel,
        point=str(point.name),
        unit=point.name.measures.unit,
        decimals=point.decimals,
        poll=point.poll,
        recorded=point.recorded_by_default,
        meanings=_meanings(point.values, text_of),
    )


def _parameter(parameter: MappedParameter, text_of: TextOf) -> ParameterOffer:
    writing = parameter.writing
    return ParameterOffer(
        name=parameter.name,
        text=text_of(parameter.text),
        unit=parameter.unit,
        meanings=_meanings(parameter.values, text_of),
        writable=writing is not None,
        min=parameter.least,
        max=parameter.most,
        danger=writing.danger if writing else None,
        after=writing.after if writing else None,
    )


def _command(command: Command, text_of: TextOf) -> CommandOffer:
    choice = command.value if isinstance(command.value, CommandRange) else None
    return CommandOffer(
        name=command.name,
        text=text_of(command.text),
        value=None if isinstance(command.value, CommandRange) else command.value,
        min=choice.min if choice else None,
        max=choice.max if choice else None,
        danger=command.danger,
    )


def _alarm(alarm: MappedAlarm, profile: Profile, language: str) -> AlarmOffer:
    return AlarmOffer(name=alarm.name, text=profile.text(alarm.text, language, alarm.args), severity=alarm.severity)


def _meanings(values: Mapping[int, str], text_of: TextOf) -> list[Meaning]:
    return [Meaning(value=value, text=text_of(key)) for value, key in sorted(values.items())]
