"""The building and what its circuits can be assigned to."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class Site(models.Model):
    """What stands once in every configuration: the building's address, its time zone and the server's own id."""

    server = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, blank=True)
    description = models.TextField(max_length=2000, blank=True)
    address = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    installed_on = models.DateField(null=True)
    zone = models.CharField(max_length=64, default="UTC")  # IANA name
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = (
            models.CheckConstraint(name="site_only_one", condition=Q(pk=1)),
            models.CheckConstraint(
                name="site_position_on_earth",
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__range=(-90, 90),
                    longitude__range=(-180, 180),
                ),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Revision(models.Model):
    """How often the configuration was changed. Raised in the same transaction as each change."""

    number = models.PositiveBigIntegerField(default=0)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.CheckConstraint(name="revision_only_one", condition=Q(pk=1)),)

    def __str__(self) -> str:
        return str(self.number)


class ZoneKind(models.TextChoices):
    BUILDING = "building"
    FLOOR = "floor"
    ROOM = "room"


class BuildingType(models.TextChoices):
    """What the building serves for; it selects the criteria of its efficiency class."""

    COMMERCIAL = "commercial"
    INDUSTRIAL = "industrial"
    INFRASTRUCTURE = "infrastructure"


class Zone(models.Model):
    """A building, one of its floors, or a room on it. A retired zone is no longer offered but named by the past."""

    name = models.CharField(max_length=100)
    description = models.TextField(max_length=2000, blank=True)
    kind = models.CharField(max_length=8, choices=ZoneKind.choices)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="parts")
    area_m2 = models.FloatField(null=True)
    building_type = models.CharField(max_length=14, choices=BuildingType.choices, blank=True)
    retired = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.CheckConstraint(name="zone_kind_known", condition=Q(kind__in=ZoneKind.values)),
            models.CheckConstraint(
                name="zone_only_buildings_on_top",
                condition=Q(kind=ZoneKind.BUILDING, parent__isnull=True)
                | (~Q(kind=ZoneKind.BUILDING) & Q(parent__isnull=False)),
            ),
            models.CheckConstraint(name="zone_not_in_itself", condition=Q(parent__isnull=True) | ~Q(parent=F("pk"))),
            models.CheckConstraint(name="zone_area_positive", condition=Q(area_m2__isnull=True) | Q(area_m2__gt=0)),
            models.CheckConstraint(
                name="zone_type_of_buildings",
                condition=Q(building_type="") | Q(kind=ZoneKind.BUILDING, building_type__in=BuildingType.values),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Usage(models.Model):
    """What energy is used for. Built-in usages have a code and are fixed; five slots are the user's to name."""

    MOST_CUSTOM = 5

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=100, blank=True)  # of a custom usage; empty: the slot is free
    description = models.TextField(max_length=2000, blank=True)
    built_in = models.BooleanField(default=False)
    retired = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.CheckConstraint(name="usage_built_in_unnamed", condition=Q(built_in=False) | Q(name="")),
            models.CheckConstraint(name="usage_built_in_stays", condition=Q(built_in=False) | Q(retired=False)),
        )

    def __str__(self) -> str:
        return self.name or self.code


class EnergySource(models.Model):
    """Where energy comes from; built in."""

    code = models.CharField(max_length=32, unique=True)

    def __str__(self) -> str:
        return self.code


class Switchboard(models.Model):
    """A board that feeds circuits, and the zone it stands in."""

    name = models.CharField(max_length=100)
    description = models.TextField(max_length=2000, blank=True)
    location = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="switchboards")
    retired = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class Landmark(models.Model):
    """A mark by which circuits are found on the plans."""

    name = models.CharField(max_length=100, unique=True)
    retired = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name
