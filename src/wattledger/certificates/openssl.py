"""What OpenSSL makes of a certificate: whether it takes it for a connection, and how strong it wants it."""

from __future__ import annotations

import os
import ssl

from wattledger.certificates.errors import CertificateError, Fault
from wattledger.certificates.pem import Identity

ANY_STRENGTH = "DEFAULT@SECLEVEL=0"  # short keys, SHA-1, TLS 1.1; SSL_CTX_set_security_level(3)


def client_context(*, is_legacy: bool) -> ssl.SSLContext:
    """A context for connections to servers; a legacy one takes any strength, on these connections and no others."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if is_legacy:
        context.set_ciphers(ANY_STRENGTH)
    return context


def load_identity(context: ssl.SSLContext, identity: Identity) -> None:
    """Show this certificate on the context's connections. Raises ssl.SSLError when OpenSSL does not take it.

    Python loads keys from files only; one in memory keeps the key off the card.
    """
    descriptor = os.memfd_create("certificate")
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(identity.pem)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def needs_legacy(identity: Identity) -> bool:
    """Whether legacy connections alone take it, because its key or signature is too weak for today.

    Raises CertificateError for one that no connection takes.
    """
    for is_legacy in (False, True):
        try:
            load_identity(client_context(is_legacy=is_legacy), identity)
        except ssl.SSLError:
            continue
        return is_legacy
    raise CertificateError(Fault.CERTIFICATE_NOT_FOR_TLS)
