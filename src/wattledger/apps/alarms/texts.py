"""What events say to people: the texts of their codes, translated when shown, their parameters filled in.

The journal keeps every event with its English text; an event of a code that this release does not know is shown so.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from wattledger.journal import Code, Event

TEXTS: Mapping[Code, str] = {
    Code.SERVICE_STARTED: _("Service {service} started, version {version}"),
    Code.SERVICE_STOPPED: _("Service {service} stopped"),
    Code.SERVICE_RESTARTED: _("Service {service} was out of reach and has been restarted: {reason}"),
    Code.DEVICE_SILENT: _("{device} does not answer at Modbus address {unit_id} on {bus}"),
    Code.DEVICE_UNREACHABLE: _("{device} cannot be reached at {host}"),
    Code.DEVICE_REFUSING: _("{device} refuses what it is asked: {reason}"),
    Code.DEVICE_CLOCK_NOT_SET: _("The clock of {device} cannot be set: {reason}"),
    Code.DEVICE_CLOCK_DRIFTS: _("The clock of {device} does not keep time, it was off by {seconds} s"),
    Code.BUS_DOWN: _("{bus} is down: {reason}"),
    Code.CLOCK_UNTRUSTED: _("The time of day cannot be trusted, readings wait: {reason}"),
    Code.CLOCK_JUMPED: _("The clock jumped by {seconds} s"),
    Code.READINGS_UNDATED: _("{count} readings were lost, the time of day was not known when they were taken"),
    Code.READINGS_DROPPED: _("{count} sets of readings were lost, the oldest that waited to be recorded"),
    Code.ARCHIVE_FULL: _("No space is left to record readings"),
    Code.ARCHIVE_FAILED: _("Readings cannot be recorded: {reason}"),
    Code.ARCHIVE_SET_ASIDE: _("A damaged part of the archive was set aside as {file}; a new one was begun"),
    Code.ARCHIVE_MONTH_DROPPED: _(
        "The readings of {month} were removed, there was no space for more; daily values stay"
    ),
    Code.READINGS_FORGOTTEN: _("Readings of months before {before} were removed ({months}); daily values stay"),
    Code.READINGS_IMPORTED: _("{count} readings were taken from {file}, an export of server {server}"),
    Code.ARCHIVE_UPKEEP_FAILED: _("Older readings cannot be compressed and take more space than they need: {reason}"),
    Code.JOURNAL_SET_ASIDE: _("The damaged list of events was set aside as {file}; a new one was begun"),
    Code.CONFIGURATION_UNREADABLE: _("The configuration cannot be read, the last good one stays in use: {reason}"),
    Code.CONFIGURATION_REFUSED: _("A part of the configuration cannot be used, {part}: {reason}"),
    Code.CONFIGURATION_CHANGED: _("Configuration, {what} {name}: {change}"),
    Code.STATISTICS_RESET: _("Traffic counts of bus {bus} set back to zero"),
    Code.JOB_FAILED: _("Job {job} failed: {reason}"),
    Code.DELIVERY_FAILED: _("{channel} was given up for a message: {reason}"),
    Code.SNAPSHOT_FAILED: _("The daily copy of configuration and events failed: {reason}"),
    Code.STORAGE_LOW: _("Free space is low: {free_percent} %"),
    Code.TOKEN_CREATED: _("Access token {token} created for user {user}"),
    Code.TOKEN_REVOKED: _("Access token {token} of user {user} revoked"),
    Code.LOGIN_REFUSED: _("Login refused for user {user}"),
    Code.LICENCE_ACCEPTED: _("Licence accepted by user {user}"),
    Code.SUPER_ADMIN_RESET: _("The password of the super admin {user} was reset in setup mode"),
    Code.CERTIFICATE_CREATED: _("A certificate was made for this server, SHA-256 fingerprint {fingerprint}"),
    Code.CLIENT_CERTIFICATE_EXPIRING: _(
        "Client certificate {certificate}, shown on {buses}, is valid until {date} only"
    ),
    Code.RELAY_TESTED: _("The relay was closed for a test"),
    Code.PULSE_COUNTS_LOST: _("The counts of the pulse inputs were damaged; they begin again at their offset"),
}

# Parameters that are words of ours rather than names that somebody gave.
WORDS: Mapping[tuple[str, str], str] = {
    ("what", "bus"): _("field bus"),
    ("what", "certificate"): _("client certificate"),
    ("what", "device"): _("device"),
    ("what", "local_io"): _("inputs and outputs of the server"),
    ("what", "site"): _("site"),
    ("what", "readings"): _("readings"),
    ("what", "zone"): _("zone"),
    ("what", "switchboard"): _("switchboard"),
    ("what", "recording_interval"): _("recording interval"),
    ("what", "password"): _("password"),
    ("what", "user"): _("user"),
    ("change", "created"): _("created"),
    ("change", "changed"): _("changed"),
    ("change", "deleted"): _("deleted"),
}


def event_text(event: Event) -> str:
    """The text of an event in the language of this thread; the English one it was written with where there is none."""
    code = next((known for known in Code if known.value == event.code), None)
    if code is None:
        return event.text
    params = {name: _word(name, value) for name, value in event.params.items()}
    try:
        return gettext(TEXTS[code]).format_map(params)
    except KeyError:  # an earlier release told it with other parameters
        return event.text


def _word(name: str, value: object) -> object:
    word = WORDS.get((name, str(value)))
    return value if word is None else gettext(word)
