"""The addresses of the pages of alarms."""

from __future__ import annotations

from django.urls import path

from wattledger.apps.alarms import views

urlpatterns = [
    path("operation/alarms/", views.alarms, name="alarms"),
    path("operation/alarms/<str:occurrence>/acknowledge/", views.acknowledge, name="acknowledge"),
]
