"""What is wired to the server's own inputs, and what its outputs are set to."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from wattledger.plant import MOST_DEBOUNCE_MS

MOST_LEAD_OHM = 100.0  # more than the thermometer itself is no lead
MOST_OUTPUT_V = 10.0


class InputKind(models.TextChoices):
    PULSE = "pulse"
    STATE = "state"
    ANALOG = "analog"
    TEMPERATURE = "temperature"


def _only(*named: str) -> Q:
    """These fields have a value and the other ones have none."""
    every = ("amount", "offset", "debounce_ms", "inverted", "at_4ma", "at_20ma", "lead_ohm")
    return Q(**{f"{name}__isnull": name not in named for name in every})


class DeviceInput(models.Model):
    """What a device on the server's own inputs measures. The fields of the other kinds are None."""

    device = models.OneToOneField("devices.Device", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=InputKind.choices)
    measures = models.CharField(max_length=100)  # the name of a point
    unit = models.CharField(max_length=16, blank=True)  # of amount, offset, at_4ma and at_20ma; empty: the point's own
    amount = models.FloatField(null=True)  # that a pulse is worth
    offset = models.FloatField(null=True)  # at which the index began
    debounce_ms = models.PositiveSmallIntegerField(null=True)
    inverted = models.BooleanField(null=True)
    at_4ma = models.FloatField(null=True)
    at_20ma = models.FloatField(null=True)
    lead_ohm = models.FloatField(null=True)  # both wires together

    class Meta:
        constraints = (
            models.CheckConstraint(name="input_kind_known", condition=Q(kind__in=InputKind.values)),
            models.CheckConstraint(name="input_measures_something", condition=~Q(measures="")),
            models.CheckConstraint(
                name="input_fields_fit_kind",
                condition=Q(_only("amount", "offset", "debounce_ms", "inverted"), kind=InputKind.PULSE)
                | Q(_only("debounce_ms", "inverted"), kind=InputKind.STATE, unit="")
                | Q(_only("at_4ma", "at_20ma"), kind=InputKind.ANALOG)
                | Q(_only("lead_ohm"), kind=InputKind.TEMPERATURE, unit=""),
            ),
            models.CheckConstraint(name="input_amount_positive", condition=Q(amount__isnull=True) | Q(amount__gt=0)),
            models.CheckConstraint(
                name="input_debounce", condition=Q(debounce_ms__isnull=True) | Q(debounce_ms__lte=MOST_DEBOUNCE_MS)
            ),
            models.CheckConstraint(
                name="input_ends_differ", condition=Q(at_4ma__isnull=True) | ~Q(at_4ma=F("at_20ma"))
            ),
            models.CheckConstraint(
                name="input_lead", condition=Q(lead_ohm__isnull=True) | Q(lead_ohm__range=(0.0, MOST_LEAD_OHM))
            ),
        )

    def __str__(self) -> str:
        return self.measures


class OutputSetting(models.Model):
    """What the outputs of the server are set to; one row, or none while nobody chose."""

    analog_output_v = models.FloatField(default=0.0)

    class Meta:
        constraints = (
            models.CheckConstraint(name="output_setting_only_one", condition=Q(pk=1)),
            models.CheckConstraint(
                name="output_setting_voltage", condition=Q(analog_output_v__range=(0.0, MOST_OUTPUT_V))
            ),
        )

    def __str__(self) -> str:
        return f"{self.analog_output_v} V"
