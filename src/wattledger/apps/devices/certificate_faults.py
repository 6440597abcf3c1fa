"""What is wrong with an uploaded certificate or key, told as the problem of its field."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wattledger.apps.rest.problems import bad_field
from wattledger.certificates import CertificateError


@contextmanager
def naming(field: str) -> Iterator[None]:
    """Turns a CertificateError raised inside into the FieldError of this field."""
    try:
        yield
    except CertificateError as error:
        raise bad_field(field, error.fault, **error.params) from None
