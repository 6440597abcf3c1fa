"""Settings that no connection can be made with are refused with the reason, and keep their secrets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from wattledger.fieldbus import TlsSecurity, TlsSettings, TlsSettingsError, TlsVersion
from wattledger.fieldbus.modbus.tls import tls_contexts

BOTH = TlsSecurity.AUTHENTICATED


def problem(settings: TlsSettings) -> str:
    with pytest.raises(TlsSettingsError) as error:
        tls_contexts(settings)
    return str(error.value)


def authenticated(certificate: bytes, key: bytes, **settings: Any) -> TlsSettings:
    return TlsSettings(BOTH, certificate, lambda: key, **settings)


def test_right_settings_pass(issued: Any) -> None:
    authorities = (issued.authority.pem, issued.stranger.pem)

    assert tls_contexts(authenticated(issued.client.pem, issued.client.key, authorities=authorities))
    assert tls_contexts(TlsSettings(TlsSecurity.ENCRYPTED, peer_certificate=issued.self_signed.pem))
    assert tls_contexts(TlsSettings(TlsSecurity.ENCRYPTED))


def test_a_client_certificate_may_be_followed_by_its_intermediates(issued: Any) -> None:
    assert tls_contexts(authenticated(issued.client.pem + issued.authority.pem, issued.client.key))


def test_what_is_wrong_is_named_wherever_it_is_given(issued: Any) -> None:
    client, key = issued.client.pem, issued.client.key

    assert problem(authenticated(b"hello", key)).startswith("client certificate: no PEM file")
    assert problem(authenticated(client, b"hello")).startswith("private key: no PEM file")
    assert problem(authenticated(client, issued.server.key)) == "private key: it does not match the certificate"
    assert problem(authenticated(client, key, authorities=(issued.authority.pem, b"hello"))).startswith(
        "certificate of authority 2: no PEM file"
    )
    assert problem(authenticated(client, key, peer_certificate=b"hello")).startswith("server's certificate: no PEM")


def test_a_key_that_cannot_be_had_is_the_reason(issued: Any) -> None:
    def lost() -> bytes:
        raise TlsSettingsError("private key: it was sealed with another key")

    assert problem(TlsSettings(BOTH, issued.client.pem, lost)) == "private key: it was sealed with another key"


def test_an_authenticated_connection_needs_both_files(issued: Any) -> None:
    assert "needs a client certificate and its private key" in problem(TlsSettings(BOTH, issued.client.pem))
    assert "needs a client certificate and its private key" in problem(TlsSettings(BOTH, key=lambda: issued.client.key))


def test_tls_1_1_is_for_legacy_connections_only() -> None:
    assert "legacy" in problem(TlsSettings(TlsSecurity.ENCRYPTED, version=TlsVersion.V1_1))
    assert tls_contexts(TlsSettings(TlsSecurity.ENCRYPTED, version=TlsVersion.V1_1, is_legacy=True))


def test_a_weak_key_is_for_legacy_connections_only() -> None:
    key = rsa.generate_private_key(65537, 1024)
    name, now = x509.Name([]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    assert "too weak for today; only a legacy connection takes it" in problem(authenticated(pem, key_pem))
    assert tls_contexts(authenticated(pem, key_pem, is_legacy=True))


def test_secrets_are_not_in_what_a_log_may_hold(issued: Any) -> None:
    settings = authenticated(issued.client.pem, issued.client.key, authorities=(issued.authority.pem,))

    assert "PRIVATE" not in repr(settings) + str(settings)
    assert "CERTIFICATE" not in repr(settings)
