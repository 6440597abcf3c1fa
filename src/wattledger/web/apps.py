"""How Django knows the web: for its templates."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "wattledger.web"
    label = "web"
