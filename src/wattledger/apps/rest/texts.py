"""What problems say to people, by code. Translated when shown; parameters stand in braces."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

TEXTS = {
    # whole requests
    "malformed": _("The request cannot be read: its body must be one JSON document in UTF-8."),
    "too_many_parameters": _("The address has too many parameters."),
    "not_authenticated": _("This needs a valid access token: Authorization: Bearer …"),
    "forbidden": _("The profile of this user does not allow it."),
    "not_found": _("There is nothing at this address, or it was deleted."),
    "method_not_allowed": _("This address does not know the method {method}."),
    "version_conflict": _("Somebody changed this in the meantime. Load it again and repeat your change."),
    "in_use": _("This cannot be deleted while it is used by: {users}."),
    "request_in_progress": _("The first request with this idempotency key is still at work."),
    "idempotency_key_reused": _("This idempotency key was used for another request. Take a new key for a new request."),
    "engine_refused": _("The acquisition refused this: {reason}"),
    "scan_pending": _("This bus is being scanned already, or will be: job {job}."),
    "not_scannable": _("A bus of this kind has no addresses that could be scanned."),
    "too_large": _("The request is too large; at most {limit} bytes are taken at once."),
    "unsupported_media_type": _("The body must be sent as application/json."),
    "invalid": _("Some values cannot be taken as they are."),
    "too_many_requests": _("Too many requests. Wait a moment and try again."),
    "too_many_streams": _("Too many live connections are open. Close one and try again."),
    "internal_error": _("Something unforeseen happened. The log of the server has the detail."),
    "engine_unreachable": _("The acquisition does not answer. Recorded values can be read nevertheless."),
    "archive_unreadable": _("The recorded values cannot be read at the moment."),
    "journal_unavailable": _("The list of events cannot be read at the moment."),
    "vault_unavailable": _("Secrets cannot be sealed at the moment. The log of the server has the detail."),
    "configuration_unavailable": _(
        "The configuration cannot be read or changed. Recording goes on with the last one that could be read."
    ),
    "busy": _("The configuration is being changed by somebody else. Try again."),
    # fields
    "required": _("A value is missing."),
    "unknown_field": _("This field does not exist here."),
    "unknown_parameter": _("This parameter does not exist here."),
    "not_valid": _("This value cannot be taken."),
    "not_text": _("This must be text."),
    "not_number": _("This must be a number."),
    "not_integer": _("This must be a whole number."),
    "not_boolean": _("This must be true or false."),
    "not_list": _("This must be a list."),
    "not_object": _("This must be an object with named fields."),
    "not_time": _("This must be a time with its zone, as 2026-01-31T12:00:00Z, from 1970 to 2199."),
    "control_characters": _("Control characters are not allowed."),
    "too_short": _("At least {limit} characters are needed."),
    "too_long": _("At most {limit} characters are allowed."),
    "too_few": _("At least {limit} entries are needed."),
    "too_many": _("At most {limit} entries are allowed."),
    "too_small": _("The least value is {limit}."),
    "too_big": _("The greatest value is {limit}."),
    "not_above": _("The value must be greater than {limit}."),
    "not_below": _("The value must be less than {limit}."),
    "not_one_of": _("This must be one of: {choice}."),
    "taken": _("This is already taken by {owner}."),
    "twice": _("{name} is given twice."),
    "unknown": _("This does not exist, or was deleted."),
    "contradiction": _("This contradicts the field {other}."),
    "not_available_yet": _("This is not available yet."),
    "not_host": _("This must be a host name or an IP address."),
    "not_device_file": _("This must be the device file of a serial port, as /dev/ttyUSB0."),
    "no_line_settings": _("Only a serial line has settings that could be tried."),
    "line_full": _("A serial line carries at most {limit} devices, and there are as many on this one."),
    "not_with_security": _("This does not apply to a connection whose security is {security}."),
    "legacy_only": _("TLS 1.1 is broken and offered on legacy connections only."),
    "no_pem": _("This is no PEM file: a text with a line -----BEGIN …-----"),
    "no_certificate": _("The file holds no certificate."),
    "certificate_damaged": _("The file is damaged: it holds no readable certificate."),
    "certificate_expired": _("The certificate expired on {date}."),
    "certificate_not_valid_yet": _(
        "The certificate is not valid before {date}; today is {today} by the clock of this server."
    ),
    "certificate_not_for_tls": _("The certificate is of a kind that TLS does not take."),
    "certificate_needs_legacy": _(
        "The certificate has a key or a signature too weak for today; only legacy connections take it."
    ),
    "no_private_key": _("The file holds no private key."),
    "private_key_damaged": _("The file is damaged, or its private key is of a kind that is not known."),
    "private_key_locked": _("The private key is locked with a passphrase. Give it without one."),
    "private_key_of_another": _("The private key does not belong to the certificate."),
    "not_time_zone": _("This is no time zone, as Europe/Paris."),
    "unknown_profile": _("The catalog has no such profile. It has: {choice}."),
    "unknown_product": _("The profile has no such product. It has: {choice}."),
    "unknown_point": _("The device has no measurement {name}. It has: {choice}."),
    "unknown_channel": _("The device has no such channel. It has: {choice}."),
    "channel_required": _("The device has several circuits: say which channel, one of {choice}."),
    "one_circuit_only": _("The device has several circuits: give this for each of them."),
    "not_recorded": _("This measurement is not recorded. Recorded are: {choice}."),
    "feeds_in_circle": _("A circuit cannot be fed by itself, not even through others."),
    "end_before_start": _("The end must be later than the start."),
    "in_the_future": _("This lies in the future."),
    "not_whole_second": _("Readings stand for whole seconds."),
    "not_a_cursor": _("This is not where a list goes on; take the value of next as it came."),
    "wrong_password": _("The old password is not right."),
    "password_short": _("A password needs at least {limit} characters."),
    "password_long": _("A password has at most {limit} characters."),
    "password_upper": _("A password needs an upper-case letter."),
    "password_lower": _("A password needs a lower-case letter."),
    "password_digit": _("A password needs a digit."),
    "password_special": _("A password needs one of these characters: {choice}"),
    "password_identifier": _("A password must not contain the identifier."),
    "password_same": _("The new password must differ from the old one."),
}


def text_of(code: str, params: Mapping[str, object]) -> str:
    """The text of a problem in the language of this thread, its parameters filled in."""
    return gettext(TEXTS[code]).format_map(params)
