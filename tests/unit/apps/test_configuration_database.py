"""The database forbids what it can; it grows from nothing and from every released state."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from wattledger.apps.accounts.models import ApiToken, User
from wattledger.apps.building.models import EnergySource, Revision, Site, Switchboard, Usage, Zone
from wattledger.apps.devices.input_models import DeviceInput, OutputSetting
from wattledger.apps.devices.models import (
    Bus,
    Circuit,
    CircuitAssignment,
    ClientCertificate,
    Device,
    Installation,
    RecordingInterval,
    Series,
)
from wattledger.plant import DataFolder

NOW = datetime(2026, 11, 1, tzinfo=UTC)
RELEASES = sorted((Path(__file__).parent / "releases").glob("*.sql"))
APPS = ("accounts", "building", "devices")


@pytest.fixture
def wired(folder: DataFolder) -> dict[str, Any]:
    bus = Bus.objects.create(name="Board", host="10.0.0.1")
    device = Device.objects.create(name="Main", bus=bus, unit_id=1, profile="p", product="q")
    circuit = Circuit.objects.create(name="Main", device=device)
    return {"bus": bus, "device": device, "circuit": circuit}


def test_a_new_server_has_its_built_in_rows(folder: DataFolder) -> None:
    admin, integrator = User.objects.get(identifier="admin"), User.objects.get(identifier="integrator")

    assert (admin.is_super_admin, admin.enabled, admin.must_change_password) == (True, True, True)
    assert admin.check_password("admin")
    assert admin.password.startswith("argon2$argon2id$")
    assert (integrator.is_super_admin, integrator.enabled, integrator.has_usable_password()) == (False, False, False)
    assert Usage.objects.filter(built_in=True).count() == 10
    assert Usage.objects.filter(built_in=False).count() == Usage.MOST_CUSTOM
    assert set(EnergySource.objects.values_list("code", flat=True)) == {
        "main_grid", "wind", "solar", "generator_set", "biomass",
    }  # fmt: skip
    assert isinstance(Site.objects.get().server, UUID)
    assert Revision.objects.get().number == 0


def test_every_server_gets_its_own_id(tmp_path: Path, folder: DataFolder) -> None:
    first = Site.objects.get().server

    settings = connections.settings["default"]
    connections.close_all()
    settings["NAME"] = str(tmp_path / "other.sqlite3")
    call_command("migrate", verbosity=0)

    assert Site.objects.get().server != first


def test_the_models_and_the_migrations_agree(folder: DataFolder) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_database_of_an_earlier_release_is_brought_up(release: Path, folder: DataFolder, tmp_path: Path) -> None:
    old = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(old)) as plain:
        plain.executescript(release.read_text())
    connections.close_all()
    connections.settings["default"]["NAME"] = str(old)

    call_command("migrate", verbosity=0)

    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    board = Bus.objects.get(name="Board")
    assert (board.kind, board.host, board.port, board.version) == ("modbus-tcp", "10.0.0.1", 502, 1)
    assert (Device.objects.get().name, Device.objects.get().bus) == ("Main meter", board)
    assert Device.objects.get().circuits.get().assignments.get().usage == Usage.objects.get(code="heating")
    assert [str(series.uuid) for series in Series.objects.all()] == ["00000000-0000-0000-0000-000000000001"]
    assert connection.cursor().execute("PRAGMA foreign_key_check").fetchall() == []


def test_there_is_a_dump_of_the_present_migrations(folder: DataFolder) -> None:
    newest = {app: max(_migrations(app)) for app in APPS}

    assert RELEASES, "no dump of a released database"
    assert all(f"'{app}','{name}'" in RELEASES[-1].read_text() for app, name in newest.items()), (
        "the migrations grew: add a dump of a database after them, so that the next release can start from it"
    )


def _migrations(app: str) -> list[str]:
    loader = MigrationExecutor(connection).loader
    return [name for label, name in loader.disk_migrations if label == app]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: User.objects.create(identifier="ab", name="x", profile="viewer"), id="short identifier"),
        pytest.param(
            lambda: User.objects.create(identifier="a" * 21, name="x", profile="viewer"), id="long identifier"
        ),
        pytest.param(lambda: User.objects.create(identifier="a b c", name="x", profile="viewer"), id="space in it"),
        pytest.param(lambda: User.objects.create(identifier="admin", name="x", profile="viewer"), id="taken"),
        pytest.param(lambda: User.objects.create(identifier="abc", name="x", profile="king"), id="unknown profile"),
        pytest.param(lambda: User.objects.filter(identifier="admin").update(enabled=False), id="admin off"),
        pytest.param(lambda: User.objects.filter(identifier="admin").update(profile="viewer"), id="admin demoted"),
        pytest.param(lambda: ApiToken.objects.create(user_id=1, name="x", prefix="x", digest="short"), id="digest"),
        pytest.param(lambda: Site.objects.create(pk=2), id="second site"),
        pytest.param(lambda: Site.objects.update(latitude=91, longitude=0), id="latitude"),
        pytest.param(lambda: Site.objects.update(latitude=1), id="half a position"),
        pytest.param(lambda: Revision.objects.create(pk=2), id="second revision"),
        pytest.param(lambda: Zone.objects.create(name="x", kind="floor"), id="floor of nothing"),
        pytest.param(lambda: Zone.objects.create(name="x", kind="building", area_m2=0), id="no area"),
        pytest.param(lambda: Zone.objects.create(name="x", kind="town"), id="unknown kind"),
        pytest.param(lambda: Usage.objects.filter(code="heating").update(name="x"), id="built-in renamed"),
        pytest.param(lambda: Usage.objects.filter(code="heating").update(retired=True), id="built-in retired"),
        pytest.param(lambda: Switchboard.objects.create(name="x", location_id=99), id="board nowhere"),
    ],
)
def test_the_database_refuses_wrong_users_and_buildings(folder: DataFolder, wrong: Any) -> None:
    with pytest.raises(IntegrityError):
        wrong()


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda w: Bus.objects.create(name="Board", host="x"), id="bus name"),
        pytest.param(lambda w: Bus.objects.create(name="x", host="10.0.0.1"), id="bus address"),
        pytest.param(lambda w: Bus.objects.create(name="x", host="x", port=0), id="port"),
        pytest.param(lambda w: Bus.objects.create(name="x", host="x", timeout_s=0.2), id="timeout"),
        pytest.param(lambda w: Bus.objects.create(name="x", host="x", retries=6), id="retries"),
        pytest.param(lambda w: Bus.objects.create(name="x", host="x", kind="can"), id="kind"),
        pytest.param(lambda w: Bus.objects.create(name="x"), id="no host"),
        pytest.param(lambda w: Bus.objects.create(name="x", host="x", port=None), id="no port"),
        pytest.param(lambda w: Bus.objects.create(name="x", host="x", baudrate=9600), id="speed of a host"),
        pytest.param(lambda w: Bus.objects.create(name="x", host="x", stop_bits=1), id="stop bits of a host"),
        pytest.param(lambda w: Bus.objects.create(name="x", host="x", parity="even"), id="parity of a host"),
        pytest.param(lambda w: Bus.objects.create(name="x", host="x", echo=True), id="echo of a host"),
        pytest.param(lambda w: Bus.objects.create(name="x", host="x", in_flight=0), id="none in flight"),
        pytest.param(lambda w: Bus.objects.create(name="x", host="x", in_flight=17), id="too many in flight"),
        pytest.param(lambda w: _line(in_flight=2), id="many in flight on a line"),
        pytest.param(lambda w: _line(host="x"), id="host of a line"),
        pytest.param(lambda w: _line(port=502), id="port of a line"),
        pytest.param(lambda w: _line(device_file=""), id="line without file"),
        pytest.param(lambda w: _line(device_file="/etc/passwd"), id="line elsewhere"),
        pytest.param(lambda w: _line(baudrate=None), id="line without speed"),
        pytest.param(lambda w: _line(baudrate=300), id="speed"),
        pytest.param(lambda w: _line(parity=""), id="line without parity"),
        pytest.param(lambda w: _line(parity="mark"), id="parity"),
        pytest.param(lambda w: _line(stop_bits=3), id="stop bits"),
        pytest.param(lambda w: [_line(name="x"), _line(name="y")], id="device file"),
        pytest.param(lambda w: _secured(security="signed"), id="security"),
        pytest.param(lambda w: _secured(certificate=_certificate()), id="certificate, but encrypted only"),
        pytest.param(lambda w: _secured(security="authenticated"), id="authenticated without certificate"),
        pytest.param(lambda w: _secured(tls_version=""), id="TLS without a version"),
        pytest.param(lambda w: _secured(tls_version="1.0"), id="version"),
        pytest.param(lambda w: _secured(tls_version="1.1"), id="TLS 1.1 on a connection of today"),
        pytest.param(lambda w: _secured(server_certificate="x", authorities="y"), id="server known in two ways"),
        pytest.param(lambda w: _secured(server_certificate="x", accept_self_signed=True), id="known and any"),
        pytest.param(lambda w: _secured(security="clear"), id="version of clear text"),
        pytest.param(lambda w: _secured(security="clear", tls_version="", legacy=True), id="legacy clear text"),
        pytest.param(lambda w: _secured(security="clear", tls_version="", check_dates=False), id="dates of clear text"),
        pytest.param(lambda w: _secured(security="clear", tls_version="", authorities="x"), id="trust of clear text"),
        pytest.param(lambda w: _line(security="encrypted", tls_version="any"), id="encrypted line"),
        pytest.param(lambda w: _certificate(sealed_key="-----BEGIN PRIVATE KEY-----"), id="key in clear"),
        pytest.param(lambda w: _certificate(certificate="-----BEGIN PRIVATE KEY-----"), id="key as certificate"),
        pytest.param(lambda w: [_certificate() for _ in "ab"], id="certificate name"),
        pytest.param(lambda w: _shown().delete(), id="certificate taken from a connection"),
        pytest.param(lambda w: w["bus"].delete(), id="bus taken from a living device"),
        pytest.param(lambda w: _device(w, name="Main", unit_id=2), id="device name"),
        pytest.param(lambda w: _device(w, name="x", unit_id=1), id="unit taken"),
        pytest.param(lambda w: _device(w, name="x", unit_id=256), id="unit"),
        pytest.param(lambda w: Circuit.objects.create(name="x", device=w["device"], channel=1), id="channel taken"),
        pytest.param(lambda w: Circuit.objects.create(name="x", device=w["device"], channel=0), id="channel 0"),
        pytest.param(lambda w: Installation.objects.create(device=w["device"], since=NOW, ratio=0), id="ratio"),
        pytest.param(
            lambda w: Installation.objects.create(device=w["device"], since=NOW, until=NOW), id="ends at once"
        ),
        pytest.param(lambda w: [Installation.objects.create(device=w["device"], since=NOW) for _ in "ab"], id="two"),
        pytest.param(
            lambda w: CircuitAssignment.objects.create(circuit=w["circuit"], fed_by=w["circuit"]), id="feeds itself"
        ),
        pytest.param(lambda w: CircuitAssignment.objects.create(circuit=w["circuit"], limit_a=-1), id="limit"),
        pytest.param(lambda w: [CircuitAssignment.objects.create(circuit=w["circuit"]) for _ in "ab"], id="same day"),
        pytest.param(lambda w: [_series(w) for _ in "ab"], id="series twice"),
        pytest.param(lambda w: _series(w, aggregate="sum"), id="aggregate"),
        pytest.param(lambda w: _series(w, decimals=10), id="decimals"),
        pytest.param(lambda w: _input(w, amount=0), id="pulse worth nothing"),
        pytest.param(lambda w: _input(w, amount=None), id="pulse of unknown worth"),
        pytest.param(lambda w: _input(w, lead_ohm=1), id="pulse counter with leads"),
        pytest.param(lambda w: _input(w, debounce_ms=1001), id="debounce"),
        pytest.param(lambda w: _input(w, measures=""), id="input that measures nothing"),
        pytest.param(lambda w: _input(w, kind="love"), id="input of nothing"),
        pytest.param(lambda w: [_input(w) for _ in "ab"], id="input twice"),
        pytest.param(lambda w: OutputSetting.objects.create(pk=1, analog_output_v=10.1), id="output voltage"),
        pytest.param(lambda w: OutputSetting.objects.create(pk=2), id="second output setting"),
        pytest.param(
            lambda w: [Bus.objects.create(kind="local-io", name=name, port=None) for name in "ab"], id="local bus twice"
        ),
        pytest.param(lambda w: Bus.objects.create(kind="local-io", name="x"), id="local bus with a port"),
        pytest.param(lambda w: RecordingInterval.objects.create(kind="energy", minutes=7), id="interval"),
        pytest.param(lambda w: RecordingInterval.objects.create(kind="love", minutes=5), id="interval of nothing"),
    ],
)
def test_the_database_refuses_wrong_devices(wired: dict[str, Any], wrong: Any) -> None:
    with pytest.raises(IntegrityError):
        wrong(wired)


def test_the_database_takes_inputs_as_they_should_be(wired: dict[str, Any]) -> None:
    _input(wired)

    assert DeviceInput.objects.get().device == wired["device"]


def _input(wired: dict[str, Any], **wrong: Any) -> DeviceInput:
    pulse = {"kind": "pulse", "measures": "water_volume", "amount": 1, "offset": 0, "debounce_ms": 10}
    return DeviceInput.objects.create(**{"device": wired["device"], **pulse, "inverted": False, **wrong})


def test_the_ids_of_series_are_never_given_twice(wired: dict[str, Any]) -> None:
    first = _series(wired)
    number = first.pk
    first.delete()

    assert _series(wired).pk > number


def test_name_and_address_of_a_retired_device_are_free_again(wired: dict[str, Any]) -> None:
    wired["device"].retired = NOW + timedelta(days=1)
    wired["device"].save(update_fields=["retired"])

    assert _device(wired, name="Main", unit_id=1).pk != wired["device"].pk


def _device(wired: dict[str, Any], *, name: str, unit_id: int) -> Device:
    return Device.objects.create(name=name, bus=wired["bus"], unit_id=unit_id, profile="p", product="q")


def test_lines_of_different_files_stand_side_by_side(wired: dict[str, Any]) -> None:
    _line(name="x")
    _line(name="y", device_file="/dev/ttyUSB1")

    assert Bus.objects.count() == 3


def _line(**fields: Any) -> Bus:
    fitting = {"kind": "modbus-rtu", "name": "x", "device_file": "/dev/ttyUSB0", "baudrate": 19200, "parity": "even"}
    return Bus.objects.create(**({"port": None} | fitting | fields))


def _secured(**fields: Any) -> Bus:
    return Bus.objects.create(**({"name": "x", "host": "x", "security": "encrypted", "tls_version": "any"} | fields))


def _certificate(**fields: Any) -> ClientCertificate:
    dates = {"valid_from": NOW, "valid_until": NOW + timedelta(days=1)}
    fitting = {"name": "x", "certificate": "x", "sealed_key": "v1.0.AA", "needs_legacy": False}
    return ClientCertificate.objects.create(**(fitting | dates | fields))


def _shown() -> ClientCertificate:
    shown = _certificate()
    _secured(security="authenticated", certificate=shown)
    return shown


def _series(wired: dict[str, Any], *, aggregate: str = "last", decimals: int = 0) -> Series:
    return Series.objects.create(
        circuit=wired["circuit"], quantity="active_power", phase="total", aggregate=aggregate, decimals=decimals
    )
