"""What the API takes and gives of the server's own inputs and outputs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from wattledger.apps.devices.input_models import MOST_OUTPUT_V
from wattledger.apps.rest.values import Answer, Given, UtcTime


class IoReason(Answer):
    """Why something has no value; `detail` is English, for people who debug."""

    code: str
    text: str
    detail: str


class IoInputAnswer(Answer):
    """One input. `raw` is what stands at the terminal: 1 closed and 0 open, mA or Ω.

    `point`, `value` and `unit` are what the device there makes of it; null without one. `missing`: there is no such
    input, or it cannot be read. `fault`: the sensor or its wiring is at fault.
    """

    terminal: int
    kind: Literal["digital", "analog", "pt100"]
    raw: float | None
    raw_unit: str
    pulses: int | None
    device: str | None
    point: str | None
    value: float | None
    unit: str | None
    time: UtcTime | None
    missing: IoReason | None
    fault: IoReason | None


class RelayAnswer(Answer):
    """`closed` null: there is no relay, or its state cannot be read; `missing` says why."""

    closed: bool | None
    missing: IoReason | None


class AnalogOutputAnswer(Answer):
    """`set_v` is what was chosen, `value_v` what is put out; null: nothing, and `missing` says why."""

    set_v: float
    value_v: float | None
    missing: IoReason | None


class Io(Answer):
    """`variant` null: nobody said what this computer has. `lamps`: what each lamp shows, also where there is none."""

    variant: str | None
    inputs: list[IoInputAnswer]
    relay: RelayAnswer
    analog_output: AnalogOutputAnswer
    lamps: dict[str, str]


class IoChange(Given):
    """What is absent stays as it is."""

    analog_output_v: Annotated[float, Field(ge=0, le=MOST_OUTPUT_V, description="in steps of 0.1")] | None = None
