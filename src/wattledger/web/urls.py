"""The addresses of the server."""

from __future__ import annotations

from django.urls import include, path

from wattledger.apps.accounts.menus import Menu
from wattledger.apps.accounts.rights import Right
from wattledger.web.api import api
from wattledger.web.views import first_of, pulse

handler400 = "wattledger.web.errors.malformed"
handler403 = "wattledger.web.errors.forbidden"
handler404 = "wattledger.web.errors.not_found"
handler500 = "wattledger.web.errors.failed"

urlpatterns = [
    path("api/v1/", api.urls),
    path("pulse/", pulse, name="pulse"),
    path("operation/", first_of(Menu.OPERATION, Right.OPERATE), name="operation"),
    path("configuration/", first_of(Menu.CONFIGURATION, Right.CONFIGURE), name="configuration"),
    path("preferences/", first_of(Menu.PREFERENCES, Right.ADMINISTER), name="preferences"),
    path("", include("wattledger.apps.accounts.urls")),
    path("", include("wattledger.apps.building.urls")),
    path("", include("wattledger.apps.alarms.urls")),
    path("", include("wattledger.apps.system.urls")),
]
