"""The catalog in the API."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Query, Router

from wattledger.apps.accounts.gate import requires
from wattledger.apps.accounts.rights import Right
from wattledger.apps.devices.answers import profile_answer
from wattledger.apps.devices.catalog import catalog, map_of
from wattledger.apps.devices.profile_answers import profile_details
from wattledger.apps.devices.profile_schemas import ProfileDetails
from wattledger.apps.devices.schemas import ProfileAnswer
from wattledger.apps.rest.problems import ProblemError
from wattledger.catalog import UnknownProfileError
from wattledger.catalog.texts import FALL_BACK

router = Router(tags=["devices"])

ProductRef = Annotated[str | None, Query(max_length=200, description="whose points and settings are to be told")]


@router.get("/profiles", response=list[ProfileAnswer])
@requires(Right.OPERATE)
def list_profiles(request: HttpRequest) -> list[ProfileAnswer]:
    """The types of devices that can be read."""
    return [profile_answer(profile) for profile in catalog().profiles]


@router.get("/profiles/{profile_id}", response=ProfileDetails)
@requires(Right.OPERATE)
def show_profile(request: HttpRequest, profile_id: str, product: ProductRef = None) -> ProfileDetails:
    """One type of devices: where its registers are known from, what to heed, and what a product of it offers."""
    try:
        profile = catalog().profile(profile_id)
    except UnknownProfileError as error:
        raise ProblemError("not_found") from error
    mapped = None if product is None else map_of(profile_id, product)
    return profile_details(profile, mapped, language=get_language() or FALL_BACK)
