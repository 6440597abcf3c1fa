"""To which series of here those of an export belong: its own by themselves, foreign ones by somebody's word only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from wattledger.apps.devices.history_models import ForgottenSeries
from wattledger.apps.devices.models import Device, Series
from wattledger.apps.devices.queries import point_of
from wattledger.archive.exchange_file import Origin, OriginSeries
from wattledger.services.errors import CommandRefusedError
from wattledger.web.terminal import gettext as _

SERIES_ID = re.compile(r"s([1-9][0-9]{0,17})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Placed:
    """A series of an export and the one of here that its readings belong to; None: they are left out, and why."""

    foreign: OriginSeries
    series: Series | None
    reason: str = ""


def placed(origin: Origin, words: Sequence[str], *, server: UUID) -> list[Placed]:
    """Every series of the export with its place, by `words` as `s3=s17`, `Main=Cellar` or `s3=Cellar`.

    Readings of another server are never taken for those of a series of here because their numbers are the same. Raises
    CommandRefusedError for words that name nothing, or bring together what does not belong together.
    """
    said: dict[int, Series] = {}
    for word in words:
        said |= _said(word, origin)
    own = _own(origin) if origin.server == server else {}
    places = [_place(each, said, own, is_own=origin.server == server) for each in origin.series]
    _check_apart(places)
    return places


def _place(foreign: OriginSeries, said: dict[int, Series], own: dict[UUID, Series], *, is_own: bool) -> Placed:
    series = said.get(foreign.number) or own.get(foreign.uuid)
    if series is not None:
        return Placed(foreign, series)
    if not is_own:
        return Placed(foreign, None, _("nobody said whose it is (--map)"))
    if ForgottenSeries.objects.filter(uuid=foreign.uuid).exists():
        return Placed(foreign, None, _("its readings were deleted for ever here"))
    return Placed(foreign, None, _("it is not known here (any more)"))


def _own(origin: Origin) -> dict[UUID, Series]:
    wanted = {each.uuid for each in origin.series}
    return {row.uuid: row for row in Series.objects.select_related("circuit__device") if row.uuid in wanted}


def _said(word: str, origin: Origin) -> dict[int, Series]:
    there, equals, here = word.partition("=")
    if not (there and equals and here):
        raise CommandRefusedError(_("--map takes THERE=HERE, two series or two devices, not {word}").format(word=word))
    by_number = SERIES_ID.fullmatch(there)
    foreign = [each for each in origin.series if by_number and each.number == int(by_number[1])]
    is_series = bool(foreign)
    foreign = foreign or [each for each in origin.series if each.device == there]
    if not foreign:
        names = ", ".join(sorted({each.device for each in origin.series}))
        text = _("The export has no series or device {name}. Its devices: {names}")
        raise CommandRefusedError(text.format(name=there, names=names))
    targets = _targets(here)
    if len(targets) == 1 and is_series and SERIES_ID.fullmatch(here):
        _check_fits(foreign[0], targets[0])
        return {foreign[0].number: targets[0]}
    by_place = {_place_of(row): row for row in targets}
    found = {each.number: by_place[key] for each in foreign if (key := _key(each)) in by_place}
    if not found:
        text = _("{here} has none of the measurements that {there} has.")
        raise CommandRefusedError(text.format(here=here, there=there))
    return found


def _targets(here: str) -> list[Series]:
    known = Series.objects.select_related("circuit__device")
    by_id = SERIES_ID.fullmatch(here)
    rows = list(known.filter(pk=int(by_id[1]))) if by_id else []
    rows = rows or list(known.filter(circuit__device__name=here, circuit__device__retired=None))
    if not rows:
        names = ", ".join(Device.objects.filter(retired=None).order_by("name").values_list("name", flat=True))
        text = _("There is no series or device {name} here. The devices: {names}")
        raise CommandRefusedError(text.format(name=here, names=names or _("none")))
    return rows


def _check_fits(foreign: OriginSeries, series: Series) -> None:
    ours = str(point_of(series))
    same_quantity = foreign.point.partition(".")[0] == ours.partition(".")[0]
    if not same_quantity or foreign.aggregate != series.aggregate:
        text = _("s{there} is {foreign}, s{here} is {ours}: what is measured differs.")
        raise CommandRefusedError(
            text.format(
                there=foreign.number,
                foreign=f"{foreign.point} {foreign.aggregate}",
                here=series.pk,
                ours=f"{ours} {series.aggregate}",
            )
        )


def _check_apart(places: Iterable[Placed]) -> None:
    taken: dict[int, OriginSeries] = {}
    for place in places:
        if place.series is None:
            continue
        other = taken.setdefault(place.series.pk, place.foreign)
        if other is not place.foreign:
            text = _("s{one} and s{other} of the export would both go to s{here}.")
            raise CommandRefusedError(text.format(one=other.number, other=place.foreign.number, here=place.series.pk))


def _key(foreign: OriginSeries) -> tuple[int, str, str]:
    return foreign.channel, foreign.point, foreign.aggregate


def _place_of(series: Series) -> tuple[int, str, str]:
    return series.circuit.channel, str(point_of(series)), series.aggregate
