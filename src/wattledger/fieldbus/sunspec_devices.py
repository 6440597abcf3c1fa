"""Which products of the catalog a device's chain of models holds, and where it says who they are; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wattledger.catalog import Product, Profile, RegisterStep, device_map
from wattledger.fieldbus.anchoring import block_of
from wattledger.fieldbus.modbus.pdu import READ_HOLDING_REGISTERS, ReadRegisters
from wattledger.fieldbus.recognition import Certainty, Proposal
from wattledger.fieldbus.sunspec import ChainWalk, Model


def model_of(profile: Profile, product: Product, walk: ChainWalk) -> Model | None:
    """The block that the product would be read from; None: the chain does not have it."""
    anchor = device_map(profile, product).anchor
    found = None if anchor is None else block_of(anchor, walk.models)
    return found[0] if found else None


def products_in(profile: Profile, walk: ChainWalk) -> tuple[Product, ...]:
    """The products of the profile that the chain holds, in the profile's order."""
    return tuple(product for product in profile.products if model_of(profile, product, walk) is not None)


def proposals_in(profiles: Sequence[Profile], walk: ChainWalk) -> tuple[Proposal, ...]:
    """Everything that could be read at this address: an inverter and each of the meters behind it."""
    return tuple(
        Proposal(profile.id, product.ref, Certainty.SURE)
        for profile in profiles
        for product in products_in(profile, walk)
    )


def steps_at(profile: Profile, common: Model) -> Iterator[tuple[RegisterStep, ReadRegisters]]:
    """What to ask of a common model to know who it is of, as far as the model goes."""
    for step in profile.identify:
        if isinstance(step, RegisterStep) and common.address + step.addr + step.words <= common.end:
            yield step, ReadRegisters(READ_HOLDING_REGISTERS, common.address + step.addr, step.words)
