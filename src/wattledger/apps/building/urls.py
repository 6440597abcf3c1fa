"""The addresses of the pages of the building."""

from __future__ import annotations

from django.urls import path

from wattledger.apps.building import views

urlpatterns = [path("configuration/building/", views.building, name="building")]
