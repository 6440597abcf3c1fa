"""The event that a client certificate of a connection is about to expire."""

from __future__ import annotations

from datetime import datetime, timedelta

from wattledger.apps.devices.models import ClientCertificate
from wattledger.journal import Code, Journal

WARNED_BEFORE = timedelta(days=30)  # time to have an authority issue another


def tell_expiry(journal: Journal, *, now: datetime, source: str) -> None:
    """Begin the event of each certificate in use that expires within a month or has, and end that of all others."""
    expiring = ClientCertificate.objects.filter(buses__isnull=False, valid_until__lte=now + WARNED_BEFORE).distinct()
    told = set[str]()
    for certificate in expiring.prefetch_related("buses"):
        params = {
            "certificate": certificate.name,
            "date": f"{certificate.valid_until:%Y-%m-%d}",
            "buses": ", ".join(sorted(bus.name for bus in certificate.buses.all())),
        }
        key = _key(certificate.pk)
        journal.begin(Code.CLIENT_CERTIFICATE_EXPIRING, key, params=params, source=source)
        told.add(key)
    for key in journal.standing_keys(Code.CLIENT_CERTIFICATE_EXPIRING) - told:
        journal.end(Code.CLIENT_CERTIFICATE_EXPIRING, key, source=source)


def end_expiry(journal: Journal, certificate_id: int, *, source: str) -> None:
    """End the event of a certificate that was replaced or deleted; costs nearly nothing where there is none."""
    journal.end(Code.CLIENT_CERTIFICATE_EXPIRING, _key(certificate_id), source=source)


def _key(certificate_id: int) -> str:
    return f"certificate {certificate_id}"
