"""Why something asked on a bus did not succeed, as codes that screens have words for; an error's text says more."""

from __future__ import annotations

import errno
import socket
from enum import StrEnum

from wattledger.fieldbus.errors import (
    AnswerTimeoutError,
    ConnectionLostError,
    DoubledUnitError,
    FieldbusError,
    MissingError,
    OutOfStepError,
    RefusedError,
    TlsSettingsError,
    UnfitAnswerError,
    UnreachableError,
)


class Why(StrEnum):
    """Codes are part of the API: never rename, only add."""

    OTHER = "other"  # the English reason is all there is
    NO_ANSWER = "no_answer"
    OUT_OF_STEP = "out_of_step"
    UNFIT_ANSWER = "unfit_answer"
    DOUBLE_ADDRESS = "double_address"
    EXCEPTION = "exception"  # of a number that is not in the standard
    EXCEPTION_1 = "exception_1"  # illegal function; Modbus Application Protocol V1.1b3, 7
    EXCEPTION_2 = "exception_2"  # illegal data address
    EXCEPTION_3 = "exception_3"  # illegal data value
    EXCEPTION_4 = "exception_4"  # device failure
    EXCEPTION_6 = "exception_6"  # device busy
    EXCEPTION_10 = "exception_10"  # gateway: no path
    EXCEPTION_11 = "exception_11"  # gateway: the device behind it does not answer
    CONNECTION_LOST = "connection_lost"
    CONNECTION_REFUSED = "connection_refused"
    NO_CONNECTION = "no_connection"  # nobody answers at the address
    HOST_UNKNOWN = "host_unknown"
    PORT_MISSING = "port_missing"  # a serial port, as the next ones
    PORT_FORBIDDEN = "port_forbidden"
    PORT_BUSY = "port_busy"
    INPUT_MISSING = "input_missing"
    TLS_SETTINGS = "tls_settings"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_OTHER_NAME = "tls_other_name"
    TLS_DATES = "tls_dates"
    TLS_WEAK = "tls_weak"
    TLS_VERSION = "tls_version"
    TLS_NOT_SPOKEN = "tls_not_spoken"
    TLS_WANTS_CERTIFICATE = "tls_wants_certificate"
    TLS_OURS_REFUSED = "tls_ours_refused"
    TLS_FAILED = "tls_failed"


_OF_TYPES: tuple[tuple[type[FieldbusError], Why], ...] = (  # the first that fits
    (OutOfStepError, Why.OUT_OF_STEP),
    (AnswerTimeoutError, Why.NO_ANSWER),
    (DoubledUnitError, Why.DOUBLE_ADDRESS),
    (UnfitAnswerError, Why.UNFIT_ANSWER),
    (ConnectionLostError, Why.CONNECTION_LOST),
    (MissingError, Why.INPUT_MISSING),
    (TlsSettingsError, Why.TLS_SETTINGS),
)
_OF_SYSTEM = {
    errno.ECONNREFUSED: Why.CONNECTION_REFUSED,
    errno.EHOSTUNREACH: Why.NO_CONNECTION,
    errno.ENETUNREACH: Why.NO_CONNECTION,
    errno.ETIMEDOUT: Why.NO_CONNECTION,
    errno.ENOENT: Why.PORT_MISSING,
    errno.ENXIO: Why.PORT_MISSING,
    errno.ENODEV: Why.PORT_MISSING,
    errno.EACCES: Why.PORT_FORBIDDEN,
    errno.EPERM: Why.PORT_FORBIDDEN,
    errno.EBUSY: Why.PORT_BUSY,
    errno.EAGAIN: Why.PORT_BUSY,  # another program has it locked
}


def why_of(error: FieldbusError) -> Why:
    """The code of an error."""
    if isinstance(error, RefusedError):
        return next((why for why in Why if why == f"exception_{error.code}"), Why.EXCEPTION)
    if isinstance(error, UnreachableError) and error.why:
        return Why(error.why)
    return next((why for kind, why in _OF_TYPES if isinstance(error, kind)), Why.OTHER)


def why_not_opened(error: Exception) -> Why:
    """The code of what keeps a connection or port from being opened."""
    if isinstance(error, FieldbusError):
        return why_of(error)
    if isinstance(error, socket.gaierror | ValueError):  # ValueError: a name that no host can have
        return Why.HOST_UNKNOWN
    if isinstance(error, TimeoutError):
        return Why.NO_CONNECTION
    return _OF_SYSTEM.get(getattr(error, "errno", 0) or 0, Why.OTHER)
