"""Every reference of the maker's server manual has a profile, and every profile speaks the four languages."""

from __future__ import annotations

from functools import cache
from itertools import chain

import pytest

from wattledger.catalog import Profile, device_map, load_profile
from wattledger.catalog.loading import BUILT_IN

FAMILY = tuple(sorted(path.stem for path in BUILT_IN.glob("hager-*.yaml")))
LANGUAGES = ("en", "fr", "de", "nl")

# Where each reference is found; a placeholder stands for the references that it covers.
REFERENCES = {
    "hager-ecr": ("ECR140D", "ECR180D", "ECA181D", "ECR300C", "ECA301C", "ECR380D", "ECA381D", "ECR311D", "ECA180T"),
    "hager-ec366": ("EC366", "EC367M", "EC376", "EC377M"),
    "hager-sm101c": ("SM101C",),
    "hager-sm102e": ("SM102E",),
    "hager-sm103e": ("SM103E",),
    "hager-sm103e-late": ("SM103E",),
    "hager-agr": ("HWT-AGR21", "HWT-AGR22", "HWT-AGR31"),
    "hager-hw1": ("HW1xxxxxE",),
    "hager-h3": ("HHT-HTC310H", "HHT-HTC320H"),
    "hager-hic": ("HIC4xxE",),
    "hager-hzi825": ("HZI825",),
    "hager-hzi855": ("HZI855",),
    "hager-spc06hm": ("SPC06HM",),
    "hager-ec700": ("EC700",),
    "hager-lzm": ("LZMxxx",),
}
NEVER_PUBLISHED = ("hager-agr", "hager-hw1", "hager-h3", "hager-hzi855", "hager-spc06hm", "hager-ec700", "hager-lzm")


@cache
def profile(profile_id: str) -> Profile:
    return load_profile(BUILT_IN / f"{profile_id}.yaml")


def test_every_reference_has_its_profile() -> None:
    assert set(REFERENCES) == set(FAMILY)
    for profile_id, references in REFERENCES.items():
        assert set(references) <= {product.ref for product in profile(profile_id).products}


@pytest.mark.parametrize("profile_id", FAMILY)
def test_every_text_stands_in_every_language_and_in_its_own_words(profile_id: str) -> None:
    texts = profile(profile_id).texts

    assert set(texts) == set(LANGUAGES) or not texts
    for language in texts:
        assert set(texts[language]) == set(texts["en"])
    notes = [key for key in texts.get("en", {}) if key.startswith("note.")]
    assert notes
    for key in notes:
        assert len({texts[language][key] for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize("profile_id", NEVER_PUBLISHED)
def test_where_nobody_published_registers_the_profile_reads_none_and_says_what_to_do(profile_id: str) -> None:
    one = profile(profile_id)
    maps = [device_map(one, product) for product in one.products]

    assert not list(chain.from_iterable((*mapped.points, *mapped.blocks, *mapped.parameters) for mapped in maps))
    assert one.status == "unverified"
    assert {"note.no_registers", "note.addresses"} <= set(one.notes)


@pytest.mark.parametrize("profile_id", FAMILY)
def test_every_profile_can_be_reached_on_a_line_and_behind_a_gateway(profile_id: str) -> None:
    transport = profile(profile_id).transport

    assert transport.rtu is not None
    assert transport.tcp is not None


def test_the_breakers_module_speaks_as_its_manual_says() -> None:
    rtu = profile("hager-h3").transport.rtu

    assert rtu is not None
    assert (rtu.baud[0], rtu.parity, rtu.stop, rtu.units) == (19200, "E", 1, (1, 99))


@pytest.mark.parametrize(("channel", "source"), [(1, "I"), (2, "II")])
@pytest.mark.parametrize(("profile_id", "address"), [("hager-hic", 20486), ("hager-hzi825", 10124)])
def test_each_source_of_a_transfer_switch_is_a_channel_and_raises_an_alarm_when_it_is_gone(
    profile_id: str, address: int, channel: int, source: str
) -> None:
    mapped = device_map(profile(profile_id), profile(profile_id).products[0])
    state = mapped.point("source_state", channel=channel)
    alarms = {one.args.get("source"): one for one in mapped.alarms}

    assert state is not None
    assert state.address == address + channel - 1
    assert (alarms[source].address, alarms[source].equals) == (state.address, 0)
    assert state.values[0] == "source.absent"


def test_a_mode_is_told_in_words() -> None:
    mode = device_map(profile("hager-hic"), profile("hager-hic").products[0]).point("operating_mode")

    assert mode is not None
    german = {number: profile("hager-hic").text(key, "de") for number, key in mode.values.items()}
    assert german == {0x00: "von Hand", 0x10: "automatisch", 0x20: "aus der Ferne", 0x40: "gesperrt"}
