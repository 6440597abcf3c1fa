"""What became of the history of series, beyond their readings: which came from other servers, and which are gone."""

from __future__ import annotations

from django.db import models


class ForgottenSeries(models.Model):
    """A series of which a person wanted all readings to be gone. The row stays: the engine must not keep any again."""

    number = models.PositiveBigIntegerField(primary_key=True)  # the id that the series had
    uuid = models.UUIDField(unique=True)
    name = models.CharField(max_length=300)
    forgotten = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class SeriesOrigin(models.Model):
    """A series of another server, or another one of this server, whose readings were imported into one of here."""

    series = models.ForeignKey("devices.Series", on_delete=models.CASCADE, related_name="origins")
    server = models.UUIDField()
    epoch = models.CharField(max_length=200)  # of its archive
    uuid = models.UUIDField()  # of the series there
    device = models.CharField(max_length=200)  # its name there
    channel = models.PositiveSmallIntegerField()
    point = models.CharField(max_length=200)
    first = models.DateTimeField()  # its readings that were in the file
    last = models.DateTimeField()
    imported = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(name="series_origin_once", fields=["series", "server", "uuid"]),
            models.CheckConstraint(
                name="series_origin_ends_after_start", condition=models.Q(last__gte=models.F("first"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.device}: {self.point}"
