"""What to do when a device is not what it was declared to be; codes as the engine gives them."""

from __future__ import annotations

from django.utils.translation import gettext

from wattledger.apps.rest.marking import gettext_noop as _

ADVICE = {
    "none": _("Nothing to do."),
    "check_wiring": _("Check the wiring of the field bus, its termination and the supply of the device."),
    "check_address": _("Check the address of the gateway or device on the network, its port and the cable."),
    "check_adapter": _(
        "Check that the adapter of the serial line is plugged in, that its device file is right, and that no other"
        " program uses it."
    ),
    "check_tls": _(
        "Check address and port, that the device speaks TLS there, and that each side takes the certificate of the"
        " other; the detail says what failed."
    ),
    "check_terminal": _("Check that this server has the input, and that the file of its board says where it is."),
    "check_unit": _("Check the Modbus address that is set on the device."),
    "choose_product": _("Another product answers at this address. Choose the product that was found."),
    "check_profile": _("The device does not answer as its profile says. Choose the profile that fits it."),
    "check_line": _(
        "What comes is no answer. Check speed, parity and echo of the line, its wiring and its termination, and that no"
        " two devices have the same address."
    ),
    "check_double_address": _("Two devices answer at this address. Give each its own."),
    "try_again": _("The device is busy. Try again in a moment."),
    "enable_sunspec": _(
        "The device answers, but not by SunSpec. Switch SunSpec on in its settings, or check its Modbus address."
    ),
    "check_models": _(
        "The device speaks SunSpec, but has no such meter or inverter. Check that it is set up on the device; the list"
        " of its models says what there is."
    ),
}


def advice_text(code: str) -> str:
    """The advice in the language of the request; empty for a code that only a later engine knows."""
    return gettext(ADVICE[code]) if code in ADVICE else ""
