"""How Django knows this app."""

from __future__ import annotations

from django.apps import AppConfig


class MeasurementsConfig(AppConfig):
    name = "wattledger.apps.measurements"
    label = "measurements"
