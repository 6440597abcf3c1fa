"""The addresses of the server."""

from __future__ import annotations

from django.urls import path

from wattledger.web.api import api

urlpatterns = [path("api/v1/", api.urls)]
