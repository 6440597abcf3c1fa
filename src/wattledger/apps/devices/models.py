"""Buses, devices and what they measure.

A device that is deleted stays as *retired*: its name, bus and address are free again, it is no longer read, and its
installations, circuits and series keep their ids, because readings outlive the meter that gave them.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from django.db import models
from django.db.models import F, Q

from wattledger.apps.building.models import EnergySource, Landmark, Switchboard, Usage, Zone
from wattledger.apps.devices import history_models, input_models  # noqa: F401 - Django looks for models here only
from wattledger.measure import INTERVALS_MIN, Aggregate, Kind
from wattledger.plant import TCP_UNIT_IDS, Parity, TlsVersion

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # `valid_from` of what holds "always"
LEAST_TIMEOUT_S, MOST_TIMEOUT_S = 0.25, 10.0
MOST_RETRIES = 5
MOST_IN_FLIGHT = 16  # what one server takes (NumberMaxOfServerTransaction); Modbus Messaging on TCP/IP V1.0b, 4.4.2
BAUDRATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
MOST_ON_LINE = 31  # devices beside ours on one segment of RS-485; 32 loads of one unit, TIA-485-A
MOST_DECIMALS = 9


class BusKind(models.TextChoices):
    MODBUS_TCP = "modbus-tcp"
    MODBUS_RTU = "modbus-rtu"
    LOCAL_IO = "local-io"


class Security(models.TextChoices):
    CLEAR = "clear"
    ENCRYPTED = "encrypted"  # over TLS; the server shows a certificate
    AUTHENTICATED = "authenticated"  # over TLS; both ends show one


class ClientCertificate(models.Model):
    """What this server shows on authenticated connections; its key is sealed by the vault.

    The dates are those between which the certificate and its intermediates are all valid.
    """

    name = models.CharField(max_length=100, unique=True)
    certificate = models.TextField()  # PEM, followed by its intermediates
    sealed_key = models.TextField()
    subject = models.TextField()
    issuer = models.TextField()
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    fingerprint = models.CharField(max_length=95)  # SHA-256, as AB:CD:…
    needs_legacy = models.BooleanField()  # too weak for any but legacy connections
    added = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = (
            models.CheckConstraint(name="certificate_key_sealed", condition=Q(sealed_key__startswith="v1.")),
            models.CheckConstraint(name="certificate_is_public", condition=~Q(certificate__contains="PRIVATE KEY")),
        )

    def __str__(self) -> str:
        return self.name


class Bus(models.Model):
    """A line on which requests take turns: one host and port, one serial line, or the server's own inputs.

    The fields of the other kinds, or of another security, are empty, None or what they are by default.
    """

    kind = models.CharField(max_length=16, choices=BusKind.choices, default=BusKind.MODBUS_TCP)
    name = models.CharField(max_length=100, unique=True)
    host = models.CharField(max_length=253, blank=True)  # a name or an address
    port = models.PositiveIntegerField(null=True, default=502)
    device_file = models.CharField(max_length=255, blank=True, default="", db_default="")
    baudrate = models.PositiveIntegerField(null=True)
    parity = models.CharField(
        max_length=8, blank=True, default="", db_default="", choices=[(one.value, one.value) for one in Parity]
    )
    stop_bits = models.PositiveSmallIntegerField(null=True)  # None on a serial line: what follows from the parity
    echo = models.BooleanField(default=False, db_default=False)
    in_flight = models.PositiveSmallIntegerField(default=1, db_default=1)
    security = models.CharField(max_length=16, choices=Security.choices, default=Security.CLEAR)
    certificate = models.ForeignKey(ClientCertificate, null=True, on_delete=models.PROTECT, related_name="buses")
    tls_version = models.CharField(
        max_length=3, blank=True, default="", db_default="", choices=[(one.value, one.value) for one in TlsVersion]
    )
    legacy = models.BooleanField(default=False, db_default=False)
    check_dates = models.BooleanField(default=True, db_default=True)
    accept_self_signed = models.BooleanField(default=False, db_default=False)
    authorities = models.TextField(blank=True, default="", db_default="")  # PEM; empty: whom the system trusts
    server_certificate = models.TextField(blank=True, default="", db_default="")  # PEM; empty: any that is trusted
    timeout_s = models.FloatField(default=1.0)
    retries = models.PositiveSmallIntegerField(default=1)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = (
            models.CheckConstraint(name="bus_kind_known", condition=Q(kind__in=BusKind.values)),
            models.CheckConstraint(name="bus_security_known", condition=Q(security__in=Security.values)),
            models.CheckConstraint(name="bus_port", condition=Q(port__range=(1, 65535))),
            models.CheckConstraint(name="bus_timeout", condition=Q(timeout_s__range=(LEAST_TIMEOUT_S, MOST_TIMEOUT_S))),
            models.CheckConstraint(name="bus_retries", condition=Q(retries__lte=MOST_RETRIES)),
            models.CheckConstraint(
                name="bus_fields_fit_kind",
                condition=Q(
                    ~Q(host=""),
                    kind=BusKind.MODBUS_TCP,
                    port__isnull=False,
                    device_file="",
                    baudrate__isnull=True,
                    parity="",
                    stop_bits__isnull=True,
                    echo=False,
                )
                | Q(
                    kind=BusKind.MODBUS_RTU,
                    host="",
                    port__isnull=True,
                    security=Security.CLEAR,
                    in_flight=1,
                    device_file__startswith="/dev/",
                    baudrate__isnull=False,
                    parity__in=[one.value for one in Parity],
                )
                | Q(
                    kind=BusKind.LOCAL_IO,
                    host="",
                    port__isnull=True,
                    security=Security.CLEAR,
                    device_file="",
                    baudrate__isnull=True,
                    parity="",
                    stop_bits__isnull=True,
                    echo=False,
                    in_flight=1,
                ),
            ),
            models.CheckConstraint(
                name="bus_fields_fit_security",
                condition=Q(
                    security=Security.CLEAR,
                    certificate__isnull=True,
                    tls_version="",
                    legacy=False,
                    check_dates=True,
                    accept_self_signed=False,
                    authorities="",
                    server_certificate="",
                )
                | Q(
                    security=Security.ENCRYPTED,
                    certificate__isnull=True,
                    tls_version__in=[one.value for one in TlsVersion],
                )
                | Q(
                    security=Security.AUTHENTICATED,
                    certificate__isnull=False,
                    tls_version__in=[one.value for one in TlsVersion],
                ),
            ),
            models.CheckConstraint(name="bus_tls_1_1_is_legacy", condition=~Q(tls_version="1.1") | Q(legacy=True)),
            models.CheckConstraint(
                name="bus_one_way_to_know_server",
                condition=Q(server_certificate="") | Q(authorities="", accept_self_signed=False),
            ),
            models.CheckConstraint(name="bus_baudrate", condition=Q(baudrate__in=BAUDRATES)),
            models.CheckConstraint(name="bus_stop_bits", condition=Q(stop_bits__in=(1, 2))),
            models.CheckConstraint(name="bus_in_flight", condition=Q(in_flight__range=(1, MOST_IN_FLIGHT))),
            models.UniqueConstraint(
                name="bus_address_unique", fields=["host", "port"], condition=Q(kind=BusKind.MODBUS_TCP)
            ),
            models.UniqueConstraint(
                name="bus_device_file_unique", fields=["device_file"], condition=Q(kind=BusKind.MODBUS_RTU)
            ),
            models.UniqueConstraint(name="bus_local_only_one", fields=["kind"], condition=Q(kind=BusKind.LOCAL_IO)),
        )

    def __str__(self) -> str:
        return self.name


class Device(models.Model):
    """What is wired: a unit on a bus that speaks as its profile says.

    `part` says which part of the registers at its address is the device's, where several devices may share one (an
    inverter and the meters behind it); empty: all of them.
    """

    name = models.CharField(max_length=100)
    bus = models.ForeignKey(Bus, null=True, on_delete=models.SET_NULL, related_name="devices")
    unit_id = models.PositiveSmallIntegerField()
    part = models.CharField(max_length=200, default="")
    profile = models.CharField(max_length=100)
    product = models.CharField(max_length=100)
    enabled = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)
    retired = models.DateTimeField(null=True)  # when it was deleted
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = (
            models.UniqueConstraint(name="device_name_unique", fields=["name"], condition=Q(retired__isnull=True)),
            models.UniqueConstraint(
                name="device_unit_unique", fields=["bus", "unit_id", "part"], condition=Q(retired__isnull=True)
            ),
            models.CheckConstraint(name="device_has_bus", condition=Q(bus__isnull=False) | Q(retired__isnull=False)),
            models.CheckConstraint(name="device_unit_id", condition=Q(unit_id__range=(0, TCP_UNIT_IDS[-1]))),
        )

    def __str__(self) -> str:
        return self.name


class Installation(models.Model):
    """One meter in the place of a device, from its mounting to its exchange."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="installations")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)  # None: still there
    serial = models.CharField(max_length=100, blank=True)
    ratio = models.FloatField(default=1.0)  # current transformer or pulse ratio that the meter does not apply itself
    modulus = models.FloatField(null=True)  # counters start anew here; None: as the profile says

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="installation_one_present", fields=["device"], condition=Q(until__isnull=True)
            ),
            models.CheckConstraint(
                name="installation_ends_after_start", condition=Q(until__isnull=True) | Q(until__gt=F("since"))
            ),
            models.CheckConstraint(name="installation_ratio_positive", condition=Q(ratio__gt=0)),
            models.CheckConstraint(
                name="installation_modulus_positive", condition=Q(modulus__isnull=True) | Q(modulus__gt=0)
            ),
        )

    def __str__(self) -> str:
        return self.serial


class Circuit(models.Model):
    """What is measured: one channel of a device. What it belongs to is dated, in its assignments."""

    name = models.CharField(max_length=100)
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="circuits")
    channel = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = (
            models.UniqueConstraint(name="circuit_channel_unique", fields=["device", "channel"]),
            models.CheckConstraint(name="circuit_channel_from_1", condition=Q(channel__gte=1)),
        )

    def __str__(self) -> str:
        return self.name


class CircuitAssignment(models.Model):
    """What a circuit belongs to from a day on, until its next assignment."""

    circuit = models.ForeignKey(Circuit, on_delete=models.CASCADE, related_name="assignments")
    valid_from = models.DateTimeField(default=BEGINNING)
    zone = models.ForeignKey(Zone, null=True, on_delete=models.PROTECT, related_name="assignments")
    usage = models.ForeignKey(Usage, null=True, on_delete=models.PROTECT, related_name="assignments")
    source = models.ForeignKey(EnergySource, null=True, on_delete=models.PROTECT, related_name="assignments")
    switchboard = models.ForeignKey(Switchboard, null=True, on_delete=models.PROTECT, related_name="assignments")
    landmark = models.ForeignKey(Landmark, null=True, on_delete=models.PROTECT, related_name="assignments")
    activity = models.CharField(max_length=100, blank=True)
    fed_by = models.ForeignKey(Circuit, null=True, on_delete=models.PROTECT, related_name="feeds")
    limit_a = models.FloatField(null=True)  # rated current of its protection
    limit_w = models.FloatField(null=True)  # rated power

    class Meta:
        constraints = (
            models.UniqueConstraint(name="assignment_day_unique", fields=["circuit", "valid_from"]),
            models.CheckConstraint(
                name="assignment_not_fed_by_itself", condition=Q(fed_by__isnull=True) | ~Q(fed_by=F("circuit"))
            ),
            models.CheckConstraint(
                name="assignment_limits_positive",
                condition=(Q(limit_a__isnull=True) | Q(limit_a__gt=0)) & (Q(limit_w__isnull=True) | Q(limit_w__gt=0)),
            ),
        )

    def __str__(self) -> str:
        return f"{self.circuit} from {self.valid_from}"


class Series(models.Model):
    """All readings of one quantity of one circuit. Ids are never given twice: the archive files them for ever."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    circuit = models.ForeignKey(Circuit, on_delete=models.PROTECT, related_name="series")
    quantity = models.CharField(max_length=64)
    direction = models.CharField(max_length=8, blank=True)  # empty where the quantity has none, so that all compare
    phase = models.CharField(max_length=8, blank=True)
    order = models.PositiveSmallIntegerField(default=0)
    aggregate = models.CharField(max_length=8, choices=[(aggregate.value, aggregate.value) for aggregate in Aggregate])
    decimals = models.SmallIntegerField()
    recorded = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="series_identity_unique",
                fields=["circuit", "quantity", "direction", "phase", "order", "aggregate"],
            ),
            models.CheckConstraint(
                name="series_aggregate_known", condition=Q(aggregate__in=[aggregate.value for aggregate in Aggregate])
            ),
            models.CheckConstraint(
                name="series_decimals", condition=Q(decimals__range=(-MOST_DECIMALS, MOST_DECIMALS))
            ),
        )

    def __str__(self) -> str:
        return f"{self.circuit}: {self.quantity}"


class InstallationIndex(models.Model):
    """What a counter of a meter showed when it was mounted and when it was taken down, in the unit of its series."""

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="indexes")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+")
    first_index = models.FloatField(null=True)  # None: nobody wrote it down
    final_index = models.FloatField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(name="installation_index_unique", fields=["installation", "series"]),)

    def __str__(self) -> str:
        return f"{self.installation}: {self.series}"


class RecordingInterval(models.Model):
    """How often the measurements of one kind are recorded; a kind without a row keeps the factory's choice."""

    kind = models.CharField(max_length=16, unique=True, choices=[(kind.value, kind.value) for kind in Kind])
    minutes = models.PositiveSmallIntegerField()

    class Meta:
        constraints = (
            models.CheckConstraint(name="interval_kind_known", condition=Q(kind__in=[kind.value for kind in Kind])),
            models.CheckConstraint(name="interval_offered", condition=Q(minutes__in=INTERVALS_MIN)),
        )

    def __str__(self) -> str:
        return f"{self.kind}: {self.minutes} min"
