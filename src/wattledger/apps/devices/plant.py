"""The configuration as the engine takes it: one frozen plant, read in one moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connection

from wattledger import plant
from wattledger.apps.building.models import Revision, Site
from wattledger.apps.devices.errors import PlantUnreadableError
from wattledger.apps.devices.history_models import ForgottenSeries
from wattledger.apps.devices.input_models import DeviceInput
from wattledger.apps.devices.inputs import input_of
from wattledger.apps.devices.models import (
    Bus,
    BusKind,
    Circuit,
    CircuitAssignment,
    Device,
    Installation,
    RecordingInterval,
    Security,
    Series,
)
from wattledger.apps.devices.outputs import analog_output_v
from wattledger.measure import Aggregate, Kind
from wattledger.plant import Plant


def load_plant() -> Plant:
    """The whole configuration at one revision, without what is retired.

    Takes no lock that a writer would wait for, and leaves no connection open that it opened itself. Raises
    PlantUnreadableError when the database cannot be read.
    """
    was_open = connection.connection is not None
    try:
        with one_snapshot():
            return _plant()
    except (DatabaseError, ObjectDoesNotExist, ValueError) as error:
        raise PlantUnreadableError(f"{connection.settings_dict['NAME']}: {error}") from error
    finally:
        if not was_open:
            connection.close()


@contextmanager
def one_snapshot() -> Iterator[None]:
    """All queries inside see the same state. Deferred, because an immediate transaction would lock writers out."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _plant() -> Plant:
    site = Site.objects.get()
    devices = tuple(_devices())
    circuits = tuple(_circuits())
    return Plant(
        revision=Revision.objects.get().number,
        server=site.server,
        zone=site.zone,
        buses=tuple(_bus(bus) for bus in Bus.objects.select_related("certificate").order_by("pk")),
        devices=devices,
        circuits=circuits,
        series=tuple(_series(row) for row in Series.objects.filter(circuit__device__retired=None).order_by("pk")),
        intervals=tuple(
            plant.RecordingInterval(kind=Kind(interval.kind), minutes=interval.minutes)
            for interval in RecordingInterval.objects.order_by("pk")
        ),
        analog_output_v=analog_output_v(),
        forgotten=tuple(ForgottenSeries.objects.order_by("number").values_list("number", flat=True)),
    )


def _bus(bus: Bus) -> plant.Bus:
    if bus.kind == BusKind.LOCAL_IO:
        return plant.LocalBus(id=bus.pk, name=bus.name)
    if bus.kind == BusKind.MODBUS_RTU:
        return plant.RtuBus(
            id=bus.pk,
            name=bus.name,
            device_file=bus.device_file,
            baudrate=bus.baudrate or 0,  # never 0: a serial line has it, by constraint
            parity=plant.Parity(bus.parity),
            stop_bits=bus.stop_bits,
            timeout_s=bus.timeout_s,
            retries=bus.retries,
            echo=bus.echo,
        )
    return plant.TcpBus(
        id=bus.pk,
        name=bus.name,
        host=bus.host,
        port=bus.port or 0,  # never 0: a connection has it, by constraint
        timeout_s=bus.timeout_s,
        retries=bus.retries,
        in_flight=bus.in_flight,
        tls=None if bus.security == Security.CLEAR else _tls(bus),
    )


def _tls(bus: Bus) -> plant.TlsSetup:
    shown = bus.certificate
    return plant.TlsSetup(
        identity=None if shown is None else plant.ClientIdentity(shown.certificate, shown.sealed_key),
        version=plant.TlsVersion(bus.tls_version),
        is_legacy=bus.legacy,
        checks_dates=bus.check_dates,
        accepts_self_signed=bus.accept_self_signed,
        authorities=bus.authorities,
        server_certificate=bus.server_certificate,
    )


def _devices() -> Iterator[plant.Device]:
    mounted: dict[int, list[plant.Installation]] = defaultdict(list)
    for row in Installation.objects.filter(device__retired=None).order_by("since"):
        mounted[row.device_id].append(_installation(row))
    inputs = {row.device_id: input_of(row) for row in DeviceInput.objects.filter(device__retired=None)}
    for device in Device.objects.filter(retired=None, bus__isnull=False).order_by("pk"):
        yield plant.Device(
            id=device.pk,
            name=device.name,
            bus=device.bus_id or 0,  # never 0: a device that is not retired has a bus, by constraint
            unit_id=device.unit_id,
            profile=device.profile,
            product=device.product,
            enabled=device.enabled,
            installations=tuple(mounted[device.pk]),
            input=inputs.get(device.pk),
        )


def _installation(row: Installation) -> plant.Installation:
    return plant.Installation(
        id=row.pk, since=row.since, until=row.until, serial=row.serial, ratio=row.ratio, modulus=row.modulus
    )


def _circuits() -> Iterator[plant.Circuit]:
    assigned: dict[int, list[plant.Assignment]] = defaultdict(list)
    for row in CircuitAssignment.objects.filter(circuit__device__retired=None).order_by("valid_from"):
        assigned[row.circuit_id].append(_assignment(row))
    for circuit in Circuit.objects.filter(device__retired=None).order_by("pk"):
        yield plant.Circuit(
            id=circuit.pk,
            name=circuit.name,
            device=circuit.device_id,
            channel=circuit.channel,
            assignments=tuple(assigned[circuit.pk]),
        )


def _assignment(row: CircuitAssignment) -> plant.Assignment:
    return plant.Assignment(
        since=row.valid_from,
        zone=row.zone_id,
        usage=row.usage_id,
        source=row.source_id,
        switchboard=row.switchboard_id,
        landmark=row.landmark_id,
        activity=row.activity,
        fed_by=row.fed_by_id,
        limit_a=row.limit_a,
        limit_w=row.limit_w,
    )


def _series(row: Series) -> plant.Series:
    return plant.Series(
        id=row.pk,
        uuid=row.uuid,
        circuit=row.circuit_id,
        quantity=row.quantity,
        direction=row.direction or None,
        phase=row.phase or None,
        order=row.order,
        aggregate=Aggregate(row.aggregate),
        decimals=row.decimals,
        recorded=row.recorded,
    )
