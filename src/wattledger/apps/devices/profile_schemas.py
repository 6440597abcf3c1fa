"""What the API tells of a profile: its sources, and what one of its products offers, in the reader's language."""

from __future__ import annotations

from pydantic import Field

from wattledger.apps.devices.schemas import ProfileAnswer
from wattledger.apps.rest.values import Answer
from wattledger.catalog import AfterWriting, AlarmSeverity, CommandDanger, PollClass, SettingDanger


class SourceAnswer(Answer):
    """Where the facts come from, as exact as that is known."""

    title: str
    date: str
    covers: str


class Meaning(Answer):
    """What one number means."""

    value: int
    text: str


class PointOffer(Answer):
    """`recorded`: whether the profile proposes it. `meanings` are those of a state's numbers."""

    channel: int
    point: str
    unit: str
    decimals: int
    poll: PollClass
    recorded: bool
    meanings: list[Meaning]


class ParameterOffer(Answer):
    """A setting. `danger` and `after` are null for one that is only shown."""

    name: str
    text: str
    unit: str
    meanings: list[Meaning]
    writable: bool
    min: float | None
    max: float | None
    danger: SettingDanger | None
    after: AfterWriting | None


class CommandOffer(Answer):
    """What the device can be told: a fixed `value`, or a choice from `min` to `max`."""

    name: str
    text: str
    value: int | None
    min: int | None
    max: int | None
    danger: CommandDanger


class AlarmOffer(Answer):
    """What the device says by itself when something is wrong."""

    name: str
    text: str
    severity: AlarmSeverity


class ProductOffer(Answer):
    """All that one product offers; `name` is what people call it."""

    product: str
    name: str | None
    channels: int
    points: list[PointOffer]
    parameters: list[ParameterOffer]
    commands: list[CommandOffer]
    alarms: list[AlarmOffer]


class ProfileDetails(ProfileAnswer):
    """`notes` are what whoever commissions the device must know. `offer` is null where no product was named."""

    version: int
    sources: list[SourceAnswer]
    notes: list[str]
    offer: ProductOffer | None = Field(description="of the product asked for")
