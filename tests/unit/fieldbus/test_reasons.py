"""What went wrong on a bus has a code, and each code has words in the API."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest

from wattledger.fieldbus import (
    AnswerTimeoutError,
    ConnectionLostError,
    DoubledUnitError,
    FieldbusError,
    Missing,
    MissingError,
    OutOfStepError,
    RefusedError,
    TlsSettingsError,
    UnfitAnswerError,
    UnreachableError,
    Why,
    why_of,
)
from wattledger.fieldbus.modbus.tls_reasons import PeerRefusedError, tls_why
from wattledger.fieldbus.modbus.tries import Reopening
from wattledger.fieldbus.reasons import why_not_opened


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (AnswerTimeoutError("x"), Why.NO_ANSWER),
        (OutOfStepError("x"), Why.OUT_OF_STEP),
        (DoubledUnitError("x"), Why.DOUBLE_ADDRESS),
        (UnfitAnswerError("x"), Why.UNFIT_ANSWER),
        (ConnectionLostError("x"), Why.CONNECTION_LOST),
        (MissingError(Missing.NO_BOARD, "x"), Why.INPUT_MISSING),
        (TlsSettingsError("x"), Why.TLS_SETTINGS),
        (RefusedError("x", code=2), Why.EXCEPTION_2),
        (RefusedError("x", code=11), Why.EXCEPTION_11),
        (RefusedError("x", code=77), Why.EXCEPTION),
        (UnreachableError("x", why=Why.PORT_BUSY), Why.PORT_BUSY),
        (UnreachableError("x"), Why.OTHER),
        (FieldbusError("x"), Why.OTHER),
    ],
)
def test_each_error_has_its_code(error: FieldbusError, why: Why) -> None:
    assert why_of(error) is why


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.ECONNREFUSED, "x"), Why.CONNECTION_REFUSED),
        (OSError(errno.EHOSTUNREACH, "x"), Why.NO_CONNECTION),
        (TimeoutError(), Why.NO_CONNECTION),
        (socket.gaierror(-2, "x"), Why.HOST_UNKNOWN),
        (UnicodeError("label too long"), Why.HOST_UNKNOWN),
        (FileNotFoundError(errno.ENOENT, "x"), Why.PORT_MISSING),
        (PermissionError(errno.EACCES, "x"), Why.PORT_FORBIDDEN),
        (OSError(errno.EBUSY, "x"), Why.PORT_BUSY),
        (OSError("x"), Why.OTHER),
        (TlsSettingsError("x"), Why.TLS_SETTINGS),
    ],
)
def test_so_has_what_keeps_a_connection_or_port_from_being_opened(error: Exception, why: Why) -> None:
    assert why_not_opened(error) is why


def certificate_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_code = code
    return error


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "x")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (certificate_error(20), Why.TLS_UNTRUSTED),
        (certificate_error(10), Why.TLS_DATES),
        (certificate_error(62), Why.TLS_OTHER_NAME),
        (certificate_error(66), Why.TLS_WEAK),
        (PeerRefusedError(1, "another certificate"), Why.TLS_UNTRUSTED),
        (tls_error("WRONG_VERSION_NUMBER"), Why.TLS_NOT_SPOKEN),
        (tls_error("UNSUPPORTED_PROTOCOL"), Why.TLS_VERSION),
        (tls_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"), Why.TLS_WANTS_CERTIFICATE),
        (tls_error("SSLV3_ALERT_CERTIFICATE_EXPIRED"), Why.TLS_OURS_REFUSED),
        (tls_error("CA_KEY_TOO_SMALL"), Why.TLS_WEAK),
        (ssl.SSLEOFError(8, "x"), Why.TLS_FAILED),
    ],
)
def test_so_has_what_keeps_a_connection_from_being_secured(error: ssl.SSLError, why: Why) -> None:
    assert tls_why(error) is why


def test_the_reason_stands_while_nothing_is_tried() -> None:
    reopening = Reopening("10.0.0.1:502", clock=lambda: 100.0)
    reopening.failed("refused", Why.CONNECTION_REFUSED)

    with pytest.raises(UnreachableError) as waiting:
        reopening.check()

    assert why_of(waiting.value) is Why.CONNECTION_REFUSED
