"""Errors of this package, each with the exit code that the command line gives for it.

ServiceError               1
├── FolderInUseError       3
├── PortInUseError         4
├── FolderUnusableError    5
└── CommandRefusedError    1   what was asked for cannot be given: no such user, device or point
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process ends with; scripts rely on it."""

    OK = 0
    FAILED = 1  # or: the check found something
    USAGE = 2  # argparse's own
    FOLDER_IN_USE = 3
    PORT_IN_USE = 4
    FOLDER_UNUSABLE = 5  # no space, no rights, read-only


class ServiceError(Exception):
    """The command cannot go on; the text is one translated line: what, why, and what to do."""

    exit_code = ExitCode.FAILED


class FolderInUseError(ServiceError):
    """Another server holds the lock of the data folder."""

    exit_code = ExitCode.FOLDER_IN_USE


class PortInUseError(ServiceError):
    """Somebody else listens at the address."""

    exit_code = ExitCode.PORT_IN_USE


class FolderUnusableError(ServiceError):
    """The data folder cannot be read or written."""

    exit_code = ExitCode.FOLDER_UNUSABLE


class CommandRefusedError(ServiceError):
    """What was asked for cannot be given."""
