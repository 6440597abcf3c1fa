"""`wattledger profile try`: reads one device by a profile, over the same field bus as the server, and shows it all.

Only reads. Takes no part in what a running server does: a serial line that the server has open is refused as in use.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from wattledger.apps.devices.advice import ADVICE
from wattledger.catalog import DeviceMap, Product, Profile, device_map
from wattledger.fieldbus import (
    Advice,
    BlockMemory,
    Identification,
    Outcome,
    Parity,
    RtuLink,
    SerialSettings,
    TcpLink,
    identify,
    read_alarms,
    read_points,
    read_settings,
)
from wattledger.services.errors import CommandRefusedError, ExitCode
from wattledger.services.profiles.device_shown import Seen, seen_lines
from wattledger.services.profiles.tables import aligned
from wattledger.web.terminal import gettext as _

EVERY_S = 1.0
RETRIES = 1
HOPELESS = frozenset({Advice.CHECK_LINE, Advice.CHECK_DOUBLE_ADDRESS})  # what would be read is nobody's
DEFAULT_BAUD, DEFAULT_PARITY = 19200, "E"  # of the standard, where a profile does not tell
PARITIES = {"N": Parity.NONE, "E": Parity.EVEN, "O": Parity.ODD}
CLEAR = "\x1b[H\x1b[2J\x1b[3J"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the device is: `host`, or the device file `serial`; None elsewhere: as the profile has it."""

    host: str | None
    port: int | None
    serial: str | None
    baud: int | None
    parity: str | None
    stop: int | None
    timeout_s: float


def try_profile(profile: Profile, place: Place, *, unit_id: int, product_ref: str | None, watches: bool) -> ExitCode:
    """Identify and read the device and print all of it; FAILED when it does not answer or is another one.

    `product_ref` None: the product is what the device says it is. Raises CommandRefusedError for what cannot be tried.
    """
    if profile.transport.rtu is None and profile.transport.tcp is None:
        raise CommandRefusedError(_("A device of this profile is not on a bus: it is wired to the server itself."))
    wanted = None if product_ref is None else _product(profile, product_ref)
    return asyncio.run(_Trial(profile, place, unit_id, watches=watches).run(wanted))


class _Trial:
    """One device that is tried."""

    def __init__(self, profile: Profile, place: Place, unit_id: int, *, watches: bool) -> None:
        self._profile = profile
        self._place = place
        self._unit_id = unit_id
        self._watches = watches

    async def run(self, wanted: Product | None) -> ExitCode:
        link = _link(self._place, self._profile)
        try:
            said = await identify(link, self._unit_id, self._profile, wanted or self._profile.products[0])
            product = wanted or self._said(said)
            is_right = _is_right(said, wanted)
            for line in _identified(said, is_right=is_right, is_serial=link.is_serial):
                print(line)
            if said.outcome is Outcome.NO_ANSWER or said.advice in HOPELESS:
                return ExitCode.FAILED
            if product is None:
                raise CommandRefusedError(_which_product(self._profile))
            print(_("Read as {product}:").format(product=product.ref), end="\n\n")
            is_read = await self._show(link, device_map(self._profile, product))
        finally:
            await link.close()
        return ExitCode.OK if is_right and is_read else ExitCode.FAILED

    async def _show(self, link: TcpLink | RtuLink, mapped: DeviceMap) -> bool:
        """Print what the device shows, once or until cancelled; gives whether it answered at all."""
        memory = BlockMemory()
        while True:
            seen = Seen(
                await read_points(link, self._unit_id, mapped, mapped.points, memory=memory),
                await read_settings(link, self._unit_id, mapped),
                await read_alarms(link, self._unit_id, mapped),
            )
            if self._watches and sys.stdout.isatty():
                print(CLEAR, end="")
            if self._watches:
                print(datetime.now(UTC).astimezone().strftime("%H:%M:%S"))
            for line in seen_lines(seen, self._profile, mapped):
                print(line)
            if not self._watches:
                return seen.is_answered
            sys.stdout.flush()
            await asyncio.sleep(EVERY_S)

    def _said(self, said: Identification) -> Product | None:
        """The product that the device names, or the only one that there is."""
        named = self._profile.product_of_code(said.found["product"]) if "product" in said.found else None
        return named or (self._profile.products[0] if len(self._profile.products) == 1 else None)


def _product(profile: Profile, ref: str) -> Product:
    found = next((product for product in profile.products if product.ref == ref), None)
    if found is None:
        raise CommandRefusedError(
            _("The profile {profile} has no product {product}.").format(profile=profile.id, product=ref)
            + " "
            + _which_product(profile)
        )
    return found


def _which_product(profile: Profile) -> str:
    choice = ", ".join(product.ref for product in profile.products)
    return _("Say which product it is with --product: {choice}").format(choice=choice)


def _is_right(said: Identification, wanted: Product | None) -> bool:
    is_any = wanted is None and said.advice is Advice.CHOOSE_PRODUCT  # of the profile, which was all that was asked
    return said.outcome is Outcome.MATCH or is_any


def _identified(said: Identification, *, is_right: bool, is_serial: bool) -> Iterator[str]:
    if said.found:
        names = {
            "vendor": _("make"),
            "product": _("product"),
            "product_name": _("name"),
            "model": _("model"),
            "serial": _("serial number"),
            "firmware": _("firmware"),
            "hardware": _("hardware"),
        }
        yield _("The device says:")
        yield from aligned([["", names.get(key, key), text] for key, text in said.found.items()])
    if is_right:
        yield _("It is what the profile describes.") if said.found else _("It answers; it does not say what it is.")
        return
    advice = "check_adapter" if is_serial and said.advice is Advice.CHECK_ADDRESS else str(said.advice)
    yield _(ADVICE[advice])
    if said.detail:
        yield f"({said.detail})"


def _link(place: Place, profile: Profile) -> TcpLink | RtuLink:
    transport = profile.transport
    if place.host is not None:
        port = place.port or (transport.tcp.port if transport.tcp else 502)
        return TcpLink(place.host, port, timeout_s=place.timeout_s, retries=RETRIES)
    rtu = transport.rtu
    try:
        settings = SerialSettings(
            place.serial or "",
            place.baud or (rtu.baud[0] if rtu else DEFAULT_BAUD),
            PARITIES[place.parity or (rtu.parity if rtu else DEFAULT_PARITY)],
            stop_bits=place.stop or (rtu.stop if rtu and place.parity in (None, rtu.parity) else None),
        )
    except ValueError as error:
        raise CommandRefusedError(_("The line cannot be set so: {reason}").format(reason=error)) from error
    return RtuLink(settings, timeout_s=place.timeout_s, retries=RETRIES)
