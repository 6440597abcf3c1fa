"""Errors of this package.

FieldbusError
├── LinkError                nothing can be asked on this bus for now
│   ├── UnreachableError     no connection to the host
│   └── ConnectionLostError  the connection ended while a request was under way
├── TlsSettingsError         a connection cannot be secured as configured
├── BoardError               the description of the local inputs and outputs cannot be used
├── MissingError             there is no such local input or output
└── RequestError             one request came to nothing, the next may do better
    ├── AnswerTimeoutError   nobody answered in time
    │   └── OutOfStepError   but an answer came that may be one to an earlier request
    ├── RefusedError         the device answered with an exception
    ├── DoubledUnitError     several answers came to one request
    ├── UnfitAnswerError     an answer came that does not fit its request
    ├── MisplacedError       the device answers, but has no such registers
    └── SearchUnfinishedError  where its registers stand is not known yet
"""

from __future__ import annotations

from enum import StrEnum

GATEWAY_EXCEPTIONS = frozenset({0x0A, 0x0B})  # no path to the device; no answer from it
BUSY_EXCEPTIONS = frozenset({0x05, 0x06})  # acknowledge: it needs more time; server device busy


class FieldbusError(Exception):
    """Something asked on a bus did not succeed; the text says what and where."""


class LinkError(FieldbusError):
    """Nothing can be asked on this bus for now."""


class UnreachableError(LinkError):
    """No connection to the host could be made; during the pause after a failure it is not even tried.

    `why` is a code of `reasons`; empty where there is none.
    """

    def __init__(self, text: str, *, why: str = "") -> None:
        super().__init__(text)
        self.why = why


class ConnectionLostError(LinkError):
    """The connection ended while a request was under way."""


class TlsSettingsError(FieldbusError):
    """A connection cannot be secured as configured; the text says what is wrong, and holds no secret."""


class BoardError(FieldbusError):
    """The board file cannot be used; the text names the file, the place in it and what is wrong."""


class Missing(StrEnum):
    """Why there is no such local input or output."""

    NO_BOARD = "no_board"  # nobody said what this computer has
    NOT_ON_VARIANT = "not_on_variant"
    NOT_DESCRIBED = "not_described"  # the variant has it, the board file does not say where
    UNREADABLE = "unreadable"  # its file cannot be read or written now


class MissingError(FieldbusError):
    """There is no such local input or output, or it cannot be used now; `why` for programs, the text for people."""

    def __init__(self, why: Missing, text: str) -> None:
        super().__init__(text)
        self.why = why


class RequestError(FieldbusError):
    """One request came to nothing."""


class AnswerTimeoutError(RequestError):
    """Nobody answered in time."""


class OutOfStepError(AnswerTimeoutError):
    """The device spoke, but what it said must be taken for the answer to an earlier request; asked again it may do."""


class UnfitAnswerError(RequestError):
    """An answer came that does not fit its request; nothing of it was used."""


class DoubledUnitError(RequestError):
    """Two devices answer at one address, or one of them twice; nothing of them is used, and asking again is no cure."""


class RefusedError(RequestError):
    """The device answered with an exception; `code` is its number."""

    def __init__(self, text: str, *, code: int) -> None:
        super().__init__(text)
        self.code = code

    @property
    def means_silence(self) -> bool:
        """Whether a gateway says that the device behind it does not answer."""
        return self.code in GATEWAY_EXCEPTIONS

    @property
    def means_busy(self) -> bool:
        """Whether nothing is said of the device but that it has no time."""
        return self.code in BUSY_EXCEPTIONS


class MisplacedError(RequestError):
    """The device answers, but does not have the registers of its product, or has something else in their place."""


class SearchUnfinishedError(RequestError):
    """Where the device has its registers is still being searched for; it answers, and the next visit goes on."""


def is_no_answer(error: FieldbusError) -> bool:
    """Whether nothing came that can be used, so that asking for more is likely to cost a timeout again."""
    return is_silence(error) or isinstance(error, UnfitAnswerError)


def is_silence(error: FieldbusError) -> bool:
    """Whether a device did not answer; a gateway says so for those behind it."""
    return isinstance(error, AnswerTimeoutError) or (isinstance(error, RefusedError) and error.means_silence)
