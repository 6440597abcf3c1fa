"""The catalog holds the built-in profiles and the user's, and survives the user's mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from wattledger.catalog import (
    PollClass,
    Profile,
    UnknownProductError,
    UnknownProfileError,
    WordOrder,
    device_map,
    load_catalog,
    load_profile,
)
from wattledger.catalog.documents import parse_document
from wattledger.catalog.loading import profile_of
from wattledger.catalog.wording import keys_of

WriteProfile = Callable[..., Path]


def test_a_profile_of_the_user_stands_beside_the_built_in_ones(write_profile: WriteProfile) -> None:
    catalog = load_catalog(write_profile().parent)

    assert {profile.id for profile in catalog.profiles} >= {"hager-ecr", "small-meter"}
    assert catalog.profile("small-meter").product("SM1").variant == "one"
    assert catalog.broken == ()


def test_a_broken_profile_of_the_user_is_reported_and_stops_nothing(write_profile: WriteProfile) -> None:
    bad = write_profile("unit: kWh", "unit: kWhh", name="a-bad.yaml")
    write_profile(name="b-good.yaml")

    catalog = load_catalog(bad.parent)

    assert catalog.profile("small-meter")
    assert [broken.path for broken in catalog.broken] == [bad]
    assert "did you mean 'kWh'?" in catalog.broken[0].reason


def test_no_profile_of_the_user_takes_the_place_of_another(write_profile: WriteProfile) -> None:
    impostor = write_profile("id: small-meter", "id: hager-ecr")

    catalog = load_catalog(impostor.parent)

    assert catalog.profile("hager-ecr").family == "hager"
    assert "id 'hager-ecr' is taken" in catalog.broken[0].reason


def test_a_folder_that_does_not_exist_holds_no_profiles(tmp_path: Path) -> None:
    assert load_catalog(tmp_path / "none").broken == ()


def test_what_the_catalog_does_not_know_is_named() -> None:
    catalog = load_catalog()

    with pytest.raises(UnknownProfileError, match=r"no profile 'nothing'; there are .*hager-ecr"):
        catalog.profile("nothing")
    with pytest.raises(UnknownProductError, match="has no product 'ECR999'; it has ECR140D"):
        catalog.profile("hager-ecr").product("ECR999")


def test_what_a_point_says_beats_what_the_file_says(write_profile: WriteProfile) -> None:
    path = write_profile("unit: kWh}", "unit: kWh, rollover: 999, decimals: 2, poll: once, recorded: true}")
    profile = load_profile(path)

    point = device_map(profile, profile.product("SM1")).point("active_energy.import.total")

    assert point is not None
    assert (point.modulus, point.decimals, point.poll) == (1_000_000.0, 2, PollClass.ONCE)
    assert point.recorded_by_default


def test_a_counter_with_decimals_starts_anew_one_step_after_its_highest_value(write_profile: WriteProfile) -> None:
    profile = load_profile(write_profile("unit: kWh}", "unit: kWh, scale: 0.5, rollover: 999}"))

    point = device_map(profile, profile.product("SM1")).point("active_energy.import.total")

    assert point is not None
    assert (point.modulus, point.scale) == (999_500.0, 500.0)


def test_units_are_turned_exactly_into_those_used_inside(write_profile: WriteProfile) -> None:
    profile = load_profile(write_profile("unit: kWh}", "unit: kJ, scale: 0.1}"))

    point = device_map(profile, profile.product("SM1")).point("active_energy.import.total")

    assert point is not None
    assert (point.multiplier, point.divisor) == (1, 36)


def test_the_longest_product_code_that_fits_decides(write_profile: WriteProfile) -> None:
    more = "products: [{ref: SM12, variant: one, match: {product_code: SM12}}, "
    profile = load_profile(write_profile("products: [", more))

    found = [profile.product_of_code(code) for code in ("SM1", "SM1-CH", "SM12-CH", "SM", "XSM1")]

    assert [product.ref if product else None for product in found] == ["SM1", "SM1", "SM12", None, None]


def test_word_order_and_function_are_those_of_the_file(write_profile: WriteProfile) -> None:
    profile = load_profile(write_profile("defaults: {", "defaults: {fc: 4, word_order: little, "))

    mapped = device_map(profile, profile.product("SM1"))

    assert {(point.function, point.word_order) for point in mapped.points} == {(4, WordOrder.LITTLE)}
    assert {block.function for block in mapped.blocks} == {4}


@pytest.mark.parametrize(("variant", "has_clock"), [("one", True), ("two", False)])
def test_a_clock_belongs_to_the_variants_that_it_names(
    write_profile: WriteProfile, variant: str, *, has_clock: bool
) -> None:
    path = write_profile(
        "points:\n", f"clock: {{addr: 9, fields: [seconds_high, seconds_low], variants: [{variant}]}}\npoints:\n"
    )
    path.write_text(path.read_text().replace("variants: {one: ", 'variants: {two: {title: "no product"}, one: ', 1))
    profile = load_profile(path)

    assert (device_map(profile, profile.product("SM1")).clock is not None) is has_clock


def test_the_clocks_of_the_documents_can_be_loaded(write_profile: WriteProfile) -> None:
    text = (Path(__file__).parents[3] / "docs" / "profiles.md").read_text()
    examples = re.findall(r"```yaml\n(clock:.*?)```", text, re.DOTALL)

    for example in examples:
        assert load_profile(write_profile("points:\n", f"{example}points:\n")).clock is not None
    assert len(examples) == 3


def test_the_parts_that_the_documents_show_make_a_profile(small_profile: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / "profiles.md").read_text()
    examples = re.findall(r"```yaml\n((?:points|identify|parameters):.*?)```", text, re.DOTALL)
    document = parse_document(small_profile, file="small.yaml")
    assert isinstance(document, dict)
    del document["tests"]
    for example in examples:
        document |= cast("dict[str, Any]", parse_document(example, file="profiles.md"))
    document["blocks"] = [{"start": 0, "words": 100}, {"start": 0, "words": 100, "fc": 4}]

    keys = {key for _, key in keys_of(Profile.model_validate(document))}
    document["texts"] = {"en": dict.fromkeys(keys, "a text")}

    assert len(examples) == 3
    assert profile_of(document, file="profiles.md").alarms


def test_maps_can_be_compared_and_looked_up_whatever_their_profile_offers() -> None:
    for profile in load_catalog().profiles:
        one, same = (device_map(profile, profile.products[0]) for _ in range(2))

        assert {one: "known"}[same] == "known"
