"""The addresses of the pages of the system."""

from __future__ import annotations

from django.urls import path

from wattledger.apps.system import views

urlpatterns = [path("", views.home, name="home"), path("about/", views.about, name="about")]
