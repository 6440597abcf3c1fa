"""Why a TLS connection was not made, or ended, in words that do not need a book on TLS."""

from __future__ import annotations

import ssl

from wattledger.fieldbus.reasons import Why

UNTRUSTED = "the server's certificate was issued by an authority that is not trusted on this connection"
OTHER_NAME = "the server's certificate was issued for another host name or address"
TOO_WEAK = "the certificate has a key or a signature too weak for today; only a legacy connection takes it"
NO_VERSION = "no TLS version in common: the server wants an older or newer one than is chosen for this connection"
HANDSHAKE_REFUSED = "the server refuses the connection: no cipher in common, or it wants a client certificate"
NO_CERTIFICATE = "the server wants a client certificate: choose an authenticated connection"
NO_TLS = "the server does not speak TLS on this port"
OURS_REFUSED = "the server refuses our client certificate"

# X509_V_ERR_… of x509_vfy.h
CERTIFICATE_REASONS = {
    2: UNTRUSTED,
    7: "the signature of the server's certificate is not that of the authority it names: it may be forged",
    9: "the server's certificate is not valid yet, or this clock is wrong",
    10: "the server's certificate has expired, or this clock is wrong",
    18: "the server's certificate is self-signed, which is not accepted on this connection",
    19: UNTRUSTED,
    20: UNTRUSTED,
    21: UNTRUSTED,
    24: "the server's certificate was issued by one that is no authority",
    26: "the server's certificate is not meant for a server",
    62: OTHER_NAME,
    64: OTHER_NAME,
    66: TOO_WEAK,
    67: TOO_WEAK,
    68: TOO_WEAK,
}

# Names of OpenSSL: SSL_R_…; an ALERT was sent by the server
OTHER_REASONS = {
    "NO_PROTOCOLS_AVAILABLE": NO_VERSION,
    "TLSV1_ALERT_PROTOCOL_VERSION": NO_VERSION,
    "UNSUPPORTED_PROTOCOL": NO_VERSION,
    "WRONG_SSL_VERSION": NO_VERSION,
    "HTTP_REQUEST": NO_TLS,
    "RECORD_LAYER_FAILURE": NO_TLS,
    "WRONG_VERSION_NUMBER": NO_TLS,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": HANDSHAKE_REFUSED,
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": "the server wants stronger ciphers than we have",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": NO_CERTIFICATE,
    "TLSV1_ALERT_UNKNOWN_CA": f"{OURS_REFUSED}: it does not know the authority that issued it",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": f"{OURS_REFUSED}: expired, or its clock is wrong",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": f"{OURS_REFUSED}: revoked",
    "SSLV3_ALERT_BAD_CERTIFICATE": OURS_REFUSED,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": OURS_REFUSED,
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": f"{OURS_REFUSED}: a kind that it does not take",
    "TLSV1_ALERT_ACCESS_DENIED": f"{OURS_REFUSED}: no access with it",
    "TLSV1_ALERT_DECRYPT_ERROR": f"{OURS_REFUSED}: its signature does not fit",
    "CA_KEY_TOO_SMALL": TOO_WEAK,
    "CA_MD_TOO_WEAK": TOO_WEAK,
    "EE_KEY_TOO_SMALL": TOO_WEAK,
    "DH_KEY_TOO_SMALL": "the server uses keys too weak for today; only a legacy connection takes them",
}

HUNG_UP = "the server hung up during the TLS handshake: it may want another TLS version or a client certificate"
# TLS 1.3 refuses a client certificate only after the handshake, and a reset swallows the alert that says so.
HUNG_UP_AFTERWARDS = "the server hung up before its first answer: it may refuse our certificate, or want one"


_UNTRUSTED_CODES = frozenset({2, 7, 18, 19, 20, 21, 24, 26})
_WHY_OF_CODES = {
    **dict.fromkeys(_UNTRUSTED_CODES, Why.TLS_UNTRUSTED),
    **dict.fromkeys((9, 10), Why.TLS_DATES),
    **dict.fromkeys((62, 64), Why.TLS_OTHER_NAME),
    **dict.fromkeys((66, 67, 68), Why.TLS_WEAK),
}
_WHY_OF_TEXTS = {
    NO_VERSION: Why.TLS_VERSION,
    NO_TLS: Why.TLS_NOT_SPOKEN,
    NO_CERTIFICATE: Why.TLS_WANTS_CERTIFICATE,
    TOO_WEAK: Why.TLS_WEAK,
}


class PeerRefusedError(ssl.SSLCertVerificationError):
    """The certificate of the server is not the one that is wanted; raised out of the handshake."""


class NotSelfSignedError(PeerRefusedError):
    """The server's certificate was issued by somebody else, so that it needs the check against the authorities."""


def tls_why(error: ssl.SSLError) -> Why:
    """The code of what `tls_reason` says."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _WHY_OF_CODES.get(getattr(error, "verify_code", None) or 0, Why.TLS_UNTRUSTED)
    if isinstance(error, ssl.SSLEOFError):
        return Why.TLS_FAILED
    text = OTHER_REASONS.get(error.reason or "", "")
    return Why.TLS_OURS_REFUSED if text.startswith(OURS_REFUSED) else _WHY_OF_TEXTS.get(text, Why.TLS_FAILED)


def tls_reason(error: ssl.SSLError) -> str:
    """What `error` means; OpenSSL's own words where ours are missing."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code = getattr(error, "verify_code", None)  # only errors that OpenSSL raised have one
        return CERTIFICATE_REASONS.get(code or 0) or getattr(error, "verify_message", "") or str(error)
    if isinstance(error, ssl.SSLEOFError):
        return HUNG_UP
    return OTHER_REASONS.get(error.reason or "") or f"TLS failed: {error.reason or error}"
