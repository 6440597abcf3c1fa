"""How Django knows this app."""

from __future__ import annotations

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    name = "wattledger.apps.devices"
    label = "devices"
