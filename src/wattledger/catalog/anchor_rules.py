"""What an anchored profile must and must not say."""

from __future__ import annotations

from wattledger.catalog.anchor import Anchor
from wattledger.catalog.errors import ProfileError
from wattledger.catalog.identity import Product, RegisterStep
from wattledger.catalog.schema import Profile

HEADER_WORDS = 2  # id and length of a SunSpec model, which the search reads
COMMON_WORDS = 68  # the SunSpec model 1 with its header, the longer of its two forms


def check_anchor(profile: Profile) -> None:
    """Raises ProfileError for what an anchored profile cannot have, and for parts of an anchor where there is none."""
    for product in profile.products:
        _check_product(product, profile.anchor)
    if profile.anchor is None:
        for number, vector in enumerate(profile.tests, start=1):
            if vector.model is not None:
                raise ProfileError(f"test vector {number}: model is for profiles with an 'anchor'")
        return
    _check_addresses(profile)
    unknown = {  # nobody would shift their registers to the block
        "clock": profile.clock,
        "parameters": profile.parameters,
        "store": profile.store,
        "commands": profile.commands,
    }
    for name, given in unknown.items():
        if given:
            raise ProfileError(f"{name}: not possible in a profile with an 'anchor'; leave it away")


def _check_product(product: Product, anchor: Anchor | None) -> None:
    place = f"product '{product.ref}'"
    if anchor is None:
        if product.alternatives or product.instance != 1:
            raise ProfileError(f"{place}: alternatives and instance are for profiles with an 'anchor'")
        return
    if product.match is not None:
        raise ProfileError(f"{place}: it is recognised by its models, not by a 'match'; leave it away")
    for variant in (product.variant, *product.alternatives):
        if variant not in anchor.models:
            raise ProfileError(f"{place}: the anchor says no models for variant {variant!r}; add them")


def _check_addresses(profile: Profile) -> None:
    if profile.defaults.fc != 3 or any(block.fc not in {None, 3} for block in profile.blocks):
        raise ProfileError("fc: SunSpec models are read with function 3")
    for block in profile.blocks:
        if block.start < HEADER_WORDS:
            raise ProfileError(f"block 0x{block.start:04X}: begins in the header, which takes {HEADER_WORDS} registers")
    for step in profile.identify:
        if not isinstance(step, RegisterStep):
            raise ProfileError("identify: with an 'anchor' only registers of the common model are read")
        if step.addr + step.words > COMMON_WORDS or step.equals is not None or step.fc not in {None, 3}:
            raise ProfileError(
                f"identify step 0x{step.addr:04X}: with an 'anchor' it reads up to {COMMON_WORDS} registers of the"
                " common model, with function 3 and without 'equals'"
            )
