"""What can happen: the codes of all events, how grave they are and their English text.

An entry carries severity, kind and text by value, so an event of a code that this release does not know is still shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter

Param = str | int | float


class Kind(StrEnum):
    """What an event asks of people: an alarm wants correcting and must be acknowledged, the others tell."""

    ALARM = "alarm"
    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


class Severity(StrEnum):
    """How grave; a critical alarm is told at once and closes the relay."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    WARNING = "warning"


class Code(StrEnum):
    """Every event of this release; codes are stored and part of the API: never rename, only add."""

    SERVICE_STARTED = "service_started"
    SERVICE_STOPPED = "service_stopped"
    SERVICE_RESTARTED = "service_restarted"
    DEVICE_SILENT = "device_silent"
    DEVICE_UNREACHABLE = "device_unreachable"
    DEVICE_REFUSING = "device_refusing"
    DEVICE_CLOCK_NOT_SET = "device_clock_not_set"
    DEVICE_CLOCK_DRIFTS = "device_clock_drifts"
    BUS_DOWN = "bus_down"
    CLOCK_UNTRUSTED = "clock_untrusted"
    CLOCK_JUMPED = "clock_jumped"
    READINGS_UNDATED = "readings_undated"
    READINGS_DROPPED = "readings_dropped"
    ARCHIVE_FULL = "archive_full"
    ARCHIVE_FAILED = "archive_failed"
    ARCHIVE_SET_ASIDE = "archive_set_aside"
    ARCHIVE_MONTH_DROPPED = "archive_month_dropped"
    READINGS_FORGOTTEN = "readings_forgotten"
    READINGS_IMPORTED = "readings_imported"
    ARCHIVE_UPKEEP_FAILED = "archive_upkeep_failed"
    JOURNAL_SET_ASIDE = "journal_set_aside"
    CONFIGURATION_UNREADABLE = "configuration_unreadable"
    CONFIGURATION_REFUSED = "configuration_refused"
    CONFIGURATION_CHANGED = "configuration_changed"
    STATISTICS_RESET = "statistics_reset"
    JOB_FAILED = "job_failed"
    DELIVERY_FAILED = "delivery_failed"
    SNAPSHOT_FAILED = "snapshot_failed"
    STORAGE_LOW = "storage_low"
    TOKEN_CREATED = "token_created"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of an event
    LOGIN_REFUSED = "login_refused"
    LICENCE_ACCEPTED = "licence_accepted"
    SUPER_ADMIN_RESET = "super_admin_reset"
    CERTIFICATE_CREATED = "certificate_created"
    CLIENT_CERTIFICATE_EXPIRING = "client_certificate_expiring"
    RELAY_TESTED = "relay_tested"
    PULSE_COUNTS_LOST = "pulse_counts_lost"


@dataclass(frozen=True, slots=True)
class EventType:
    """What is true of all events of one code.

    `template` names every parameter in braces; screens translate it and fill it in. `standing`: the condition lasts
    until it is ended (`begin`, `end`), else it is over when it is told (`note`).
    """

    kind: Kind
    severity: Severity
    template: str
    standing: bool = False

    @property
    def needs_acknowledgement(self) -> bool:
        """Whether a person must say that he has seen it."""
        return self.kind is Kind.ALARM

    def text(self, params: Mapping[str, Param]) -> str:
        """The English text. Raises ValueError when `params` are not exactly those that the template names."""
        names = {name for _, name, _, _ in Formatter().parse(self.template) if name is not None}
        if names != set(params):
            raise ValueError(f"{self.template!r} takes {sorted(names)}, not {sorted(params)}")
        return self.template.format_map(params)


def _once(kind: Kind, severity: Severity, template: str) -> EventType:
    return EventType(kind, severity, template)


def _lasting(kind: Kind, severity: Severity, template: str) -> EventType:
    return EventType(kind, severity, template, standing=True)


EVENTS: Mapping[Code, EventType] = {
    Code.SERVICE_STARTED: _once(Kind.INFORMATION, Severity.MINOR, "Service {service} started, version {version}"),
    Code.SERVICE_STOPPED: _once(Kind.INFORMATION, Severity.MINOR, "Service {service} stopped"),
    # Lasting, so that a service that dies again and again is one event with a count.
    Code.SERVICE_RESTARTED: _lasting(
        Kind.ALARM, Severity.CRITICAL, "Service {service} was out of reach and has been restarted: {reason}"
    ),
    Code.DEVICE_SILENT: _lasting(
        Kind.ALARM, Severity.CRITICAL, "{device} does not answer at Modbus address {unit_id} on {bus}"
    ),
    Code.DEVICE_UNREACHABLE: _lasting(Kind.ALARM, Severity.CRITICAL, "{device} cannot be reached at {host}"),
    Code.DEVICE_REFUSING: _lasting(Kind.ALARM, Severity.CRITICAL, "{device} refuses what it is asked: {reason}"),
    Code.DEVICE_CLOCK_NOT_SET: _lasting(Kind.ERROR, Severity.MINOR, "The clock of {device} cannot be set: {reason}"),
    Code.DEVICE_CLOCK_DRIFTS: _lasting(
        Kind.WARNING, Severity.WARNING, "The clock of {device} does not keep time, it was off by {seconds} s"
    ),
    Code.BUS_DOWN: _lasting(Kind.ALARM, Severity.MAJOR, "{bus} is down: {reason}"),
    Code.CLOCK_UNTRUSTED: _lasting(
        Kind.WARNING, Severity.WARNING, "The time of day cannot be trusted, readings wait: {reason}"
    ),
    Code.CLOCK_JUMPED: _once(Kind.WARNING, Severity.WARNING, "The clock jumped by {seconds} s"),
    Code.READINGS_UNDATED: _once(
        Kind.ERROR, Severity.MINOR, "{count} readings were lost, the time of day was not known when they were taken"
    ),
    Code.READINGS_DROPPED: _lasting(
        Kind.ALARM, Severity.CRITICAL, "{count} sets of readings were lost, the oldest that waited to be recorded"
    ),
    Code.ARCHIVE_FULL: _lasting(Kind.ALARM, Severity.CRITICAL, "No space is left to record readings"),
    Code.ARCHIVE_FAILED: _lasting(Kind.ALARM, Severity.CRITICAL, "Readings cannot be recorded: {reason}"),
    Code.ARCHIVE_SET_ASIDE: _once(
        Kind.ALARM, Severity.MAJOR, "A damaged part of the archive was set aside as {file}; a new one was begun"
    ),
    Code.ARCHIVE_MONTH_DROPPED: _once(
        Kind.WARNING,
        Severity.MINOR,
        "The readings of {month} were removed, there was no space for more; daily values stay",
    ),
    Code.READINGS_FORGOTTEN: _once(
        Kind.WARNING,
        Severity.MINOR,
        "Readings of months before {before} were removed ({months}); daily values stay",
    ),
    Code.READINGS_IMPORTED: _once(
        Kind.INFORMATION, Severity.MINOR, "{count} readings were taken from {file}, an export of server {server}"
    ),
    Code.ARCHIVE_UPKEEP_FAILED: _lasting(
        Kind.ERROR, Severity.MINOR, "Older readings cannot be compressed and take more space than they need: {reason}"
    ),
    Code.JOURNAL_SET_ASIDE: _once(
        Kind.ALARM, Severity.MAJOR, "The damaged list of events was set aside as {file}; a new one was begun"
    ),
    Code.CONFIGURATION_UNREADABLE: _lasting(
        Kind.ALARM, Severity.MAJOR, "The configuration cannot be read, the last good one stays in use: {reason}"
    ),
    Code.CONFIGURATION_REFUSED: _lasting(
        Kind.ERROR, Severity.MINOR, "A part of the configuration cannot be used, {part}: {reason}"
    ),
    Code.CONFIGURATION_CHANGED: _once(Kind.INFORMATION, Severity.MINOR, "Configuration, {what} {name}: {change}"),
    Code.STATISTICS_RESET: _once(Kind.INFORMATION, Severity.MINOR, "Traffic counts of bus {bus} set back to zero"),
    Code.JOB_FAILED: _once(Kind.ERROR, Severity.MINOR, "Job {job} failed: {reason}"),
    Code.DELIVERY_FAILED: _lasting(Kind.ERROR, Severity.MINOR, "{channel} was given up for a message: {reason}"),
    Code.SNAPSHOT_FAILED: _lasting(
        Kind.ALARM, Severity.MAJOR, "The daily copy of configuration and events failed: {reason}"
    ),
    Code.STORAGE_LOW: _lasting(Kind.ALARM, Severity.CRITICAL, "Free space is low: {free_percent} %"),
    Code.TOKEN_CREATED: _once(Kind.INFORMATION, Severity.MINOR, "Access token {token} created for user {user}"),
    Code.TOKEN_REVOKED: _once(Kind.INFORMATION, Severity.MINOR, "Access token {token} of user {user} revoked"),
    Code.LOGIN_REFUSED: _once(Kind.WARNING, Severity.WARNING, "Login refused for user {user}"),
    Code.LICENCE_ACCEPTED: _once(Kind.INFORMATION, Severity.MINOR, "Licence accepted by user {user}"),
    Code.SUPER_ADMIN_RESET: _once(
        Kind.ALARM, Severity.MAJOR, "The password of the super admin {user} was reset in setup mode"
    ),
    Code.CERTIFICATE_CREATED: _once(
        Kind.INFORMATION, Severity.MINOR, "A certificate was made for this server, SHA-256 fingerprint {fingerprint}"
    ),
    Code.CLIENT_CERTIFICATE_EXPIRING: _lasting(
        Kind.WARNING, Severity.WARNING, "Client certificate {certificate}, shown on {buses}, is valid until {date} only"
    ),
    Code.RELAY_TESTED: _once(Kind.INFORMATION, Severity.MINOR, "The relay was closed for a test"),
    Code.PULSE_COUNTS_LOST: _once(
        Kind.ALARM, Severity.MAJOR, "The counts of the pulse inputs were damaged; they begin again at their offset"
    ),
}
