"""These tests import models, for which Django must be set up first."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wattledger.web.settings")
django.setup()
