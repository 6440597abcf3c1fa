"""The catalog as this server has it: the built-in profiles and those in its data folder."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from wattledger.apps.rest.problems import bad_field
from wattledger.apps.rest.server import data_folder
from wattledger.catalog import (
    Catalog,
    CatalogError,
    CatalogFolder,
    DeviceMap,
    Profile,
    UnknownProductError,
    UnknownProfileError,
    device_map,
)


def catalog() -> Catalog:
    """All profiles; read anew when a file of the user's came, changed or went."""
    return _folder(data_folder().profiles).catalog()


def map_of(profile_id: str, product_ref: str) -> DeviceMap:
    """What the product offers; raises FieldError that names the choice when there is no such profile or product."""
    profile = _profile(profile_id)
    try:
        return device_map(profile, profile.product(product_ref))
    except UnknownProductError:
        choice = ", ".join(product.ref for product in profile.products)
        raise bad_field("product", "unknown_product", choice=choice) from None


def part_of(mapped: DeviceMap) -> str:
    """Which part of the registers at its address a product has; empty: it has the address for itself."""
    return f"{mapped.profile}: {mapped.product}" if mapped.anchor is not None else ""


def terminals_of(profile_id: str, product_ref: str) -> tuple[int, ...]:
    """The terminals of the server that a product can be wired to; none: it is on a bus, or not in the catalog."""
    try:
        profile = catalog().profile(profile_id)
        return profile.terminals_of(profile.product(product_ref))
    except CatalogError:
        return ()


def _profile(profile_id: str) -> Profile:
    known = catalog()
    try:
        return known.profile(profile_id)
    except UnknownProfileError:
        choice = ", ".join(profile.id for profile in known.profiles)
        raise bad_field("profile", "unknown_profile", choice=choice) from None


@lru_cache(maxsize=1)
def _folder(path: Path) -> CatalogFolder:
    return CatalogFolder(path)
