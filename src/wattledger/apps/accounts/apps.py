"""How Django knows this app."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "wattledger.apps.accounts"
    label = "accounts"
