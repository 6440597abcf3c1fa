"""Answers that are the same everywhere."""

from __future__ import annotations

from django.http import HttpResponse


def no_content() -> HttpResponse:
    """The answer to what is done and needs no words."""
    response = HttpResponse(status=204)
    del response["Content-Type"]
    return response
