"""How Django knows this app."""

from __future__ import annotations

from django.apps import AppConfig


class SystemConfig(AppConfig):
    name = "wattledger.apps.system"
    label = "system"
