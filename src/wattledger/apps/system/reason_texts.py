"""Why a device does not do as it should; codes as the engine gives them."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

REASONS = {
    "other": _("The detail stands in the English reason."),
    "no_answer": _("The device does not answer."),
    "out_of_step": _("The device answers too late; a longer timeout of the bus may help."),
    "unfit_answer": _("What comes is no answer to what was asked."),
    "double_address": _("Two devices answer at this address. Give each its own."),
    "exception": _("The device refuses what it is asked."),
    "exception_1": _("The device does not know this kind of request."),
    "exception_2": _("The device does not have what it is asked for: its profile may not be the right one."),
    "exception_3": _("The device takes the request for wrong."),
    "exception_4": _("The device reports that it has failed."),
    "exception_6": _("The device is busy."),
    "exception_10": _("The gateway has no way to this device."),
    "exception_11": _("The gateway gets no answer from the device behind it."),
    "connection_lost": _("The connection was lost."),
    "connection_refused": _("The host refuses the connection: nobody listens on this port, or too many are connected."),
    "no_connection": _("Nobody answers at this address on the network."),
    "host_unknown": _("This host name is not known on the network."),
    "port_missing": _("There is no such serial port: the adapter may be unplugged."),
    "port_forbidden": _("The user that runs the server may not open the serial port."),
    "port_busy": _("Another program uses the serial port."),
    "input_missing": _("The server does not have this input, or cannot read it."),
    "tls_settings": _("The connection cannot be secured as it is set."),
    "tls_untrusted": _("The certificate of the device is not trusted on this connection."),
    "tls_other_name": _("The certificate of the device was issued for another host name or address."),
    "tls_dates": _("The certificate of the device is not valid at present, or the clock of this server is wrong."),
    "tls_weak": _("Keys or signatures are too weak for today; only a legacy connection takes them."),
    "tls_version": _("There is no TLS version that both sides take."),
    "tls_not_spoken": _("The device does not speak TLS on this port."),
    "tls_wants_certificate": _("The device wants a client certificate: choose an authenticated connection."),
    "tls_ours_refused": _("The device refuses our client certificate."),
    "tls_failed": _("The TLS connection failed."),
}


def reason_text(code: str) -> str:
    """The reason in the language of the request; empty for a code that only a later engine knows."""
    return gettext(REASONS[code]) if code in REASONS else ""
