"""Devices of one table family answer at the same addresses with other meanings: their names tell them apart."""

from __future__ import annotations

import pytest

from wattledger.catalog import Catalog
from wattledger.fieldbus.modbus.pdu import ReadRegisters
from wattledger.fieldbus.recognition import Certainty, Inquiry, Proposal, next_inquiry, proposals

TABLE, KIND, NAME = ReadRegisters(3, 0xC350, 4), ReadRegisters(3, 0xC354, 1), ReadRegisters(3, 0xC38A, 8)
COUNTIS, ATYS, DIRIS = 100, 300, 400


def recognised(catalog: Catalog, kind: int, name: str) -> tuple[Proposal, ...]:
    """What is proposed for a device that says this of itself, after all questions were asked."""
    data = name.encode().ljust(16, b"\0")
    device = {
        TABLE: tuple(map(ord, "SOCO")),
        KIND: (kind,),
        NAME: tuple(int.from_bytes(data[n : n + 2], "big") for n in range(0, 16, 2)),
    }
    answers: dict[Inquiry, tuple[int, ...] | None] = {}
    while (asked := next_inquiry(catalog.profiles, answers)) is not None:
        answers[asked] = device.get(asked) if isinstance(asked, ReadRegisters) else None
    return proposals(catalog.profiles, answers)


@pytest.mark.parametrize(
    ("kind", "name", "profile", "product"),
    [
        (COUNTIS, "COUNTIS E33", "hager-ec366", "COUNTIS-E33"),
        (COUNTIS, "Countis E44", "hager-ec366", "COUNTIS-E44"),
        (DIRIS, "Diris A-10", "hager-sm101c", "DIRIS-A-10"),
        (DIRIS, "diris a10", "hager-sm101c", "DIRIS-A10"),
        (DIRIS, "DIRIS B30", "hager-sm103e-late", "DIRIS-B30"),
    ],
)
def test_a_sister_is_recognised_by_its_name(catalog: Catalog, kind: int, name: str, profile: str, product: str) -> None:
    assert recognised(catalog, kind, name)[0] == Proposal(profile, product, Certainty.SURE)


@pytest.mark.parametrize("name", ["Countis E13", "Countis E14", "Countis E23", "Countis E24"])
def test_a_meter_with_its_bus_address_where_others_have_transformers_is_never_taken_for_one_of_them(
    catalog: Catalog, name: str
) -> None:
    found = recognised(catalog, COUNTIS, name)

    assert {proposal.product for proposal in found} == {None}
    assert {proposal.certainty for proposal in found} == {Certainty.LIKELY}
    assert catalog.profile("hager-ec366").product_of_code(name) is None


@pytest.mark.parametrize(
    ("kind", "fitting"),
    [
        (COUNTIS, {"hager-ec366"}),
        (DIRIS, {"hager-sm101c", "hager-sm103e-late"}),
        (ATYS, {"hager-hic", "hager-hzi855"}),
    ],
)
def test_a_meter_a_power_monitor_and_a_transfer_switch_of_one_make_are_never_mixed_up(
    catalog: Catalog, kind: int, fitting: set[str]
) -> None:
    assert {proposal.profile for proposal in recognised(catalog, kind, "unheard of")} == fitting
