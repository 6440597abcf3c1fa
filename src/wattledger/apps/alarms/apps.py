"""How Django knows this app."""

from __future__ import annotations

from django.apps import AppConfig


class AlarmsConfig(AppConfig):
    name = "wattledger.apps.alarms"
    label = "alarms"
