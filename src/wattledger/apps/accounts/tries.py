"""Wrong passwords: after a few of them even the right one waits, so that guessing takes for ever.

Counted in the database, so that a restart forgives nothing. Five for one name from one address; more for a name from
many addresses or for many names from one, which are the ways around the first. A try during a pause is not looked at
and not counted: it costs no write, and nobody is kept out for longer by somebody who goes on guessing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address

from django.db import transaction
from django.utils.crypto import salted_hmac

from wattledger.apps.accounts.models import WrongTries

MOST_TRIES = 5
MOST_OF_ALL = 50  # for a name from all addresses, from an address for all names
PAUSE = timedelta(minutes=5)
NETWORK_BITS = 64  # of IPv6: who has one address has all of its network
OWN_ACCOUNT = "-"  # the address of who is logged in already and is asked for his old password


@dataclass(frozen=True, slots=True)
class Tried:
    """What a wrong password leads to: how many tries are left, none when it is the one that begins a pause."""

    left: int

    @property
    def locks(self) -> bool:
        """Whether a pause begins."""
        return self.left == 0


def pause_left(name: str, address: str, *, now: datetime | None = None) -> timedelta:
    """How long this name must wait at this address; zero when it need not."""
    now = now or datetime.now(UTC)
    limits = _limits(name, address)
    rows = WrongTries.objects.filter(scope__in=limits)
    waits = [PAUSE - abs(now - row.last) for row in rows if row.count >= limits[row.scope]]
    return max([timedelta(), *waits])


def note_wrong(name: str, address: str, *, now: datetime | None = None) -> Tried:
    """Count a wrong password."""
    now = now or datetime.now(UTC)
    lefts = []
    with transaction.atomic():
        WrongTries.objects.filter(last__lt=now - PAUSE).delete()
        WrongTries.objects.filter(last__gt=now + PAUSE).delete()  # the clock was set back
        for scope, most in _limits(name, address).items():
            row, _ = WrongTries.objects.get_or_create(scope=scope, defaults={"count": 0, "last": now})
            WrongTries.objects.filter(pk=row.pk).update(count=row.count + 1, last=now)
            lefts.append(most - row.count - 1)
    return Tried(max(min(lefts), 0))


def note_right(name: str, address: str) -> None:
    """Forget what was wrong before for this name at this address; what others did there stays counted."""
    WrongTries.objects.filter(scope=_scope(name, _network(address))).delete()


def _limits(name: str, address: str) -> dict[str, int]:
    network = _network(address)
    limits = {_scope(name, network): MOST_TRIES}
    if address != OWN_ACCOUNT:
        limits |= {_scope(name, ""): MOST_OF_ALL, _scope("", network): MOST_OF_ALL}
    return limits


def _network(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(int(found) >> NETWORK_BITS)
    return str(found)


def _scope(name: str, network: str) -> str:
    return salted_hmac("wattledger.tries", f"{name}\n{network}", algorithm="sha256").hexdigest()
