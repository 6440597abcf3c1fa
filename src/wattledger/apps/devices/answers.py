"""From what the queries give to what the API answers: numbers become ids."""

from __future__ import annotations

from dataclasses import asdict

from wattledger.apps.devices.bus_schemas import BusAnswer, Frame, LocalBusAnswer, RtuBusAnswer, TcpBusAnswer, Traffic
from wattledger.apps.devices.history_models import SeriesOrigin
from wattledger.apps.devices.models import Bus, BusKind, CircuitAssignment, Security, Series
from wattledger.apps.devices.queries import CircuitRow, DeviceRow, point_of
from wattledger.apps.devices.schemas import (
    CircuitAnswer,
    DeviceAnswer,
    InputAnswer,
    ProfileAnswer,
    SeriesAnswer,
    SeriesOriginAnswer,
)
from wattledger.apps.rest.ids import Kind, optional_id, public_id
from wattledger.catalog import Profile
from wattledger.engine.api import BusFrame, TrafficStatistics
from wattledger.measure import Aggregate
from wattledger.plant import Parity, TlsVersion


def bus_answer(bus: Bus) -> BusAnswer:
    """A bus, with the fields of its kind."""
    if bus.kind == BusKind.LOCAL_IO:
        return LocalBusAnswer(id=public_id(Kind.BUS, bus.pk), kind="local-io", name=bus.name, version=bus.version)
    if bus.kind == BusKind.MODBUS_RTU:
        return RtuBusAnswer(
            id=public_id(Kind.BUS, bus.pk),
            kind="modbus-rtu",
            name=bus.name,
            port=bus.device_file,
            baudrate=bus.baudrate or 0,  # never 0: a serial line has it, by constraint
            parity=Parity(bus.parity),
            stop_bits=bus.stop_bits,
            echo=bus.echo,
            timeout_s=bus.timeout_s,
            retries=bus.retries,
            version=bus.version,
        )
    is_secured = bus.security != Security.CLEAR
    return TcpBusAnswer(
        id=public_id(Kind.BUS, bus.pk),
        kind="modbus-tcp",
        name=bus.name,
        host=bus.host,
        port=bus.port or 0,  # never 0: a connection has it, by constraint
        security=Security(bus.security),
        certificate=optional_id(Kind.CERTIFICATE, bus.certificate_id),
        tls_version=TlsVersion(bus.tls_version) if is_secured else None,
        legacy=bus.legacy if is_secured else None,
        check_dates=bus.check_dates if is_secured else None,
        accept_self_signed=bus.accept_self_signed if is_secured else None,
        authorities=bus.authorities or None,
        server_certificate=bus.server_certificate or None,
        in_flight=bus.in_flight,
        timeout_s=bus.timeout_s,
        retries=bus.retries,
        version=bus.version,
    )


def device_answer(row: DeviceRow) -> DeviceAnswer:
    """A device with its circuits."""
    device = row.device
    circuits = [_circuit(circuit) for circuit in row.circuits]
    only = circuits[0] if len(circuits) == 1 else None
    return DeviceAnswer(
        id=public_id(Kind.DEVICE, device.pk),
        name=device.name,
        profile=device.profile,
        product=device.product,
        bus=public_id(Kind.BUS, device.bus_id or 0),  # never 0: a device that was not deleted has a bus
        unit_id=device.unit_id,
        enabled=device.enabled,
        created=device.created,
        recorded=list(row.recorded),
        input=InputAnswer(**asdict(row.input)) if row.input else None,
        circuits=circuits,
        zone=only.zone if only else None,
        usage=only.usage if only else None,
        source=only.source if only else None,
        switchboard=only.switchboard if only else None,
        version=device.version,
    )


def series_answer(series: Series) -> SeriesAnswer:
    """A series, its circuit, device and origins loaded."""
    point = point_of(series)
    circuit = series.circuit
    return SeriesAnswer(
        id=public_id(Kind.SERIES, series.pk),
        uuid=series.uuid,
        device=public_id(Kind.DEVICE, circuit.device_id),
        circuit=public_id(Kind.CIRCUIT, circuit.pk),
        circuit_name=circuit.name,
        channel=circuit.channel,
        point=str(point),
        how=Aggregate(series.aggregate),
        unit=point.measures.unit,
        decimals=series.decimals,
        recorded=series.recorded,
        retired=circuit.device.retired is not None,
        origins=[_origin(row) for row in series.origins.all()],
    )


def profile_answer(profile: Profile) -> ProfileAnswer:
    """A profile; a serial device is reached over TCP through a gateway as well."""
    transport = profile.transport
    ways = {"modbus-rtu": transport.rtu, "modbus-tcp": transport.tcp, "local-io": transport.local}
    return ProfileAnswer(
        id=profile.id,
        name=profile.name,
        family=profile.family,
        products=[product.ref for product in profile.products],
        buses=[name for name, way in ways.items() if way is not None],
        status=profile.status,
    )


def traffic_answer(counts: TrafficStatistics) -> Traffic:
    """The traffic of a bus, or of one device on it."""
    return Traffic(
        device=optional_id(Kind.DEVICE, counts.device),
        since=counts.since,
        requests=counts.requests,
        answers=counts.answers,
        timeouts=counts.timeouts,
        rejected=counts.rejected,
        crc_errors=counts.crc_errors,
        exceptions=counts.exceptions,
        retries=counts.retries,
        connections=counts.connections,
        connections_lost=counts.connections_lost,
        busy_s=round(counts.busy_s, 3),
        mean_response_s=_rounded(counts.mean_response_s),
        worst_response_s=_rounded(counts.worst_response_s),
        load=_rounded(counts.load),
        cycle_s=_rounded(counts.cycle_s),
    )


def frame_answer(frame: BusFrame) -> Frame:
    """What the monitor of a bus noted."""
    return Frame(
        time=frame.time,
        happening=frame.happening,
        direction=frame.direction,
        unit_id=frame.unit_id,
        device=optional_id(Kind.DEVICE, frame.device),
        hex=frame.hex,
        reason=frame.reason,
    )


def _origin(row: SeriesOrigin) -> SeriesOriginAnswer:
    return SeriesOriginAnswer(
        server=row.server,
        uuid=row.uuid,
        device=row.device,
        channel=row.channel,
        point=row.point,
        first=row.first,
        last=row.last,
        imported=row.imported,
    )


def _rounded(value: float | None) -> float | None:
    """To a tenth of a millisecond, or a hundredth of a percent: below, a clock tells nothing."""
    return None if value is None else round(value, 4)


def _circuit(row: CircuitRow) -> CircuitAnswer:
    held = row.assignment or CircuitAssignment()
    return CircuitAnswer(
        id=public_id(Kind.CIRCUIT, row.circuit.pk),
        channel=row.circuit.channel,
        name=row.circuit.name,
        zone=optional_id(Kind.ZONE, held.zone_id),
        usage=optional_id(Kind.USAGE, held.usage_id),
        source=optional_id(Kind.SOURCE, held.source_id),
        switchboard=optional_id(Kind.SWITCHBOARD, held.switchboard_id),
        landmark=optional_id(Kind.LANDMARK, held.landmark_id),
        fed_by=optional_id(Kind.CIRCUIT, held.fed_by_id),
        activity=held.activity,
        limit_a=held.limit_a,
        limit_w=held.limit_w,
        assigned=row.is_assigned,
    )
