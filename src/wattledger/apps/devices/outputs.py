"""What the server's own outputs are set to."""

from __future__ import annotations

from wattledger.apps.accounts.changes import CHANGED
from wattledger.apps.accounts.models import User
from wattledger.apps.building.revision import changing
from wattledger.apps.devices.input_models import OutputSetting
from wattledger.apps.rest.problems import bad_field

WHAT = "local_io"
NAME = "0-10 V"
STEPS_A_VOLT = 10


def analog_output_v() -> float:
    """What the 0-10 V output is set to; 0 while nobody chose."""
    row = OutputSetting.objects.first()
    return 0.0 if row is None else row.analog_output_v


def set_analog_output(volts: float, *, by: User) -> None:
    """Set the 0-10 V output; raises FieldError for what is no tenth of a volt."""
    steps = round(volts * STEPS_A_VOLT)
    if abs(volts * STEPS_A_VOLT - steps) > 1e-6:
        raise bad_field("analog_output_v", "not_in_steps", step=1 / STEPS_A_VOLT)
    with changing(WHAT, by=by) as change:
        if analog_output_v() != steps / STEPS_A_VOLT:
            OutputSetting.objects.update_or_create(pk=1, defaults={"analog_output_v": steps / STEPS_A_VOLT})
            change.says(NAME, CHANGED)
