"""Error pages, in the frame as far as there is one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils import translation


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """There is nothing at this address."""
    return render(request, "errors/404.html", status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """The profile of this user does not open it."""
    return render(request, "errors/403.html", status=403)


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """The request cannot be read."""
    return render(request, "errors/400.html", status=400)


def foreign_page(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form that did not come from a page of ours, or from one that is too old."""
    return render(request, "errors/csrf.html", status=403)


def failed(request: HttpRequest) -> HttpResponse:
    """Something unforeseen; shown without a question to anything, because whatever is asked may be what failed."""
    with translation.override(translation.get_language_from_request(request)):
        context = {"language": translation.get_language(), "theme": ""}
        return HttpResponse(loader.get_template("errors/500.html").render(context), status=500)
