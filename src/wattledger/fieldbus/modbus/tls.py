"""TLS for Modbus TCP: the contexts to connect with, and what they accept.

Source: MODBUS/TCP Security Protocol Specification V36: the frames of Modbus TCP as a byte stream within TLS, usually on
port 802, both ends with a certificate. The client's role (extension 1.3.6.1.4.1.50316.802.1) stands in the certificate
that the user got from the plant's authority; it is presented as it is.

Imports the heavy libraries, so it is imported when the first connection is secured.
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable
from contextlib import nullcontext

from wattledger.certificates import CertificateError
from wattledger.certificates.openssl import client_context, load_identity
from wattledger.certificates.pem import (
    Certificates,
    certificate_of_der,
    certificates_of,
    check_dates,
    der_of,
    identity_of,
    is_self_signed,
)
from wattledger.fieldbus.errors import TlsSettingsError
from wattledger.fieldbus.modbus.tls_reasons import NotSelfSignedError, PeerRefusedError, tls_reason
from wattledger.fieldbus.modbus.tls_settings import Pem, TlsSecurity, TlsSettings, TlsVersion
from wattledger.fieldbus.statistics import utc_now

NO_CHECK_TIME = ssl.VerifyFlags(0x200000)  # X509_V_FLAG_NO_CHECK_TIME of x509_vfy.h, which Python does not name
OUR_CERTIFICATE, OUR_KEY, PEER_CERTIFICATE = "client certificate", "private key", "server's certificate"


def tls_contexts(settings: TlsSettings) -> tuple[ssl.SSLContext, ...]:
    """The contexts to connect with: the next one only when the one before ended in NotSelfSignedError.

    Two checks that exclude each other in OpenSSL need two contexts, and a server shows its certificate but once per
    connection. Raises TlsSettingsError.
    """
    if settings.peer_certificate is not None:
        return (_pinning_context(settings, settings.peer_certificate),)
    if settings.accepts_self_signed:
        return (_self_signed_context(settings), _chain_context(settings))
    return (_chain_context(settings),)


def _chain_context(settings: TlsSettings) -> ssl.SSLContext:
    """OpenSSL verifies the chain, the dates, the name and the purpose."""
    context = _context(settings)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # what the user gave is trusted, be it an intermediate
    if not settings.checks_dates:
        context.verify_flags |= NO_CHECK_TIME
    for number, authority in enumerate(settings.authorities, start=1):
        what = f"certificate of authority {number}"
        for certificate in _certificates(authority, what):
            _trust(context, der_of(certificate), what)
    if not settings.authorities:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return context


def _pinning_context(settings: TlsSettings, peer_certificate: Pem) -> ssl.SSLContext:
    """The certificate must be the known one, bit by bit; whether the server has its key, TLS proves."""
    known = der_of(_certificates(peer_certificate, PEER_CERTIFICATE)[0])

    def check(der: bytes) -> None:
        if der != known:
            raise PeerRefusedError(1, "the server shows another certificate than the one that was uploaded for it")
        if settings.checks_dates:
            _check_peer_dates(der)

    return _context(settings, check=check)


def _self_signed_context(settings: TlsSettings) -> ssl.SSLContext:
    """Any certificate that its owner signed himself, within its dates."""

    def check(der: bytes) -> None:
        if not is_self_signed(der):
            raise NotSelfSignedError(1, "the server's certificate is not self-signed")
        if settings.checks_dates:
            _check_peer_dates(der)

    return _context(settings, check=check)


def _check_peer_dates(der: bytes) -> None:
    try:
        check_dates([certificate_of_der(der)], at=utc_now())
    except CertificateError as error:
        raise PeerRefusedError(1, f"the server's certificate {error}") from error


def _context(settings: TlsSettings, *, check: Callable[[bytes], None] | None = None) -> ssl.SSLContext:
    """Version, strength and our own certificate; with `check`, that decides on the server's certificate alone."""
    context = client_context(is_legacy=settings.is_legacy)
    _set_versions(context, settings)
    if check is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.sslobject_class = _object_class(check)
    if settings.security is TlsSecurity.AUTHENTICATED:
        _show_identity(context, settings)
    return context


def _object_class(check: Callable[[bytes], None]) -> type[ssl.SSLObject]:
    class CheckedObject(ssl.SSLObject):
        """A TLS session whose handshake fails when `check` refuses: no byte of Modbus was sent by then."""

        def do_handshake(self) -> None:
            super().do_handshake()
            try:
                check(self.getpeercert(binary_form=True) or b"")
            except ssl.SSLError:  # some are ValueErrors, too
                raise
            except ValueError as error:  # the loops expect nothing but SSLErrors here
                raise PeerRefusedError(1, "the server's certificate is damaged") from error

    return CheckedObject


def _set_versions(context: ssl.SSLContext, settings: TlsSettings) -> None:
    if settings.version is TlsVersion.V1_1 and not settings.is_legacy:
        raise TlsSettingsError("TLS 1.1 is broken and is spoken on connections that are declared as legacy only")
    lowest = ssl.TLSVersion.TLSv1_1 if settings.is_legacy else ssl.TLSVersion.TLSv1_2
    exact = {
        TlsVersion.V1_1: ssl.TLSVersion.TLSv1_1,
        TlsVersion.V1_2: ssl.TLSVersion.TLSv1_2,
        TlsVersion.V1_3: ssl.TLSVersion.TLSv1_3,
    }.get(settings.version)
    with warnings.catch_warnings() if settings.is_legacy else nullcontext():
        if settings.is_legacy:
            warnings.simplefilter("ignore", DeprecationWarning)  # Python's of TLS 1.1, which was chosen on purpose
        context.minimum_version = exact or lowest
        context.maximum_version = exact or ssl.TLSVersion.MAXIMUM_SUPPORTED


def _show_identity(context: ssl.SSLContext, settings: TlsSettings) -> None:
    if settings.certificate is None or settings.key is None:
        raise TlsSettingsError("an authenticated connection needs a client certificate and its private key")
    certificates = _certificates(settings.certificate, OUR_CERTIFICATE)
    try:
        identity = identity_of(certificates, settings.key())
    except CertificateError as error:
        raise TlsSettingsError(f"{OUR_KEY}: {error}") from error
    try:
        load_identity(context, identity)
    except ssl.SSLError as error:
        raise TlsSettingsError(f"{OUR_CERTIFICATE}: {tls_reason(error)}") from error


def _certificates(pem: Pem, what: str) -> Certificates:
    try:
        return certificates_of(pem)
    except CertificateError as error:
        raise TlsSettingsError(f"{what}: {error}") from error


def _trust(context: ssl.SSLContext, der: bytes, what: str) -> None:
    try:
        context.load_verify_locations(cadata=der)
    except ssl.SSLError as error:
        raise TlsSettingsError(f"{what}: {tls_reason(error)}") from error
