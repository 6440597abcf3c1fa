"""How Django knows this app."""

from __future__ import annotations

from django.apps import AppConfig


class BuildingConfig(AppConfig):
    name = "wattledger.apps.building"
    label = "building"
