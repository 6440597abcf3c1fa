"""The pages of the building."""

from __future__ import annotations

from zoneinfo import available_timezones

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from wattledger.apps.accounts.forms import add_problems
from wattledger.apps.accounts.pages import requires, visitor
from wattledger.apps.accounts.rights import Right
from wattledger.apps.accounts.toasts import toast
from wattledger.apps.building.actions import NO_PLACE, change_site
from wattledger.apps.building.models import Site
from wattledger.apps.rest.problems import ProblemError


class SiteForm(forms.Form):
    """The name of the site and the zone of its days; `version` is the state that the form was filled from."""

    name = forms.CharField(
        label=_("Name of the site"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    zone = forms.ChoiceField(label=_("Time zone"), widget=forms.Select(attrs={"class": "form-select"}))
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: object = None, *, site: Site, may_move: bool) -> None:
        super().__init__(data, initial={"name": site.name, "zone": site.zone, "version": site.version})  # type: ignore[arg-type]
        zone = self.fields["zone"]
        if isinstance(zone, forms.ChoiceField):
            zone.choices = [(name, name) for name in sorted(available_timezones() - NO_PLACE)]
        zone.disabled = not may_move


@require_http_methods(["GET", "POST"])
@requires(Right.CONFIGURE)
def building(request: HttpRequest) -> HttpResponse:
    """The site: its name, and its time zone for administrators."""
    by, site = visitor(request), Site.objects.get()
    may_move = by.may(Right.ADMINISTER)
    form = SiteForm(request.POST or None, site=site, may_move=may_move)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        zone = given["zone"] if may_move else None
        try:
            change_site(name=given["name"], zone=zone, version=given["version"], by=by)
        except ProblemError as error:
            add_problems(form, error)
        else:
            toast(request, gettext("Building saved"))
            return redirect("building")
    context = {"form": form, "may_move": may_move}
    return render(request, "building/building.html", context, status=422 if form.errors else 200)
