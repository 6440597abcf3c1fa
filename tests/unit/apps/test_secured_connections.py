"""How connections are secured, in the API: what may be said together, what is dropped, and what the plant then is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tls_peers import Issued, issue
from wattledger.apps.devices.models import ClientCertificate
from wattledger.apps.devices.plant import load_plant
from wattledger.engine.links import link_of
from wattledger.fieldbus import TcpLink
from wattledger.plant import ClientIdentity, DataFolder, TcpBus, TlsSetup, TlsVersion
from wattledger.vault import Vault

ROOF = {"kind": "modbus-tcp", "name": "Roof", "host": "10.0.0.2", "port": 802}
ENCRYPTED = ROOF | {"security": "encrypted"}
AUTHENTICATED = ROOF | {"security": "authenticated", "certificate": "k1"}
SECURITY = (
    "security", "certificate", "tls_version", "legacy", "check_dates", "accept_self_signed", "authorities",
    "server_certificate",
)  # fmt: skip
IN_CLEAR = dict.fromkeys(SECURITY) | {"security": "clear"}


def security_of(bus: Any) -> dict[str, Any]:
    return {name: bus[name] for name in SECURITY}


def problems(response: Any) -> list[tuple[str, str]]:
    assert response.status_code == 422, response.content
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


def test_an_encrypted_connection_has_safe_presets(api: Any) -> None:
    made = api.post("/buses", ENCRYPTED)

    assert security_of(made) == {
        "security": "encrypted", "certificate": None, "tls_version": "any", "legacy": False, "check_dates": True,
        "accept_self_signed": False, "authorities": None, "server_certificate": None,
    }  # fmt: skip
    assert api.get(f"/buses/{made['id']}") == made


def test_every_setting_is_kept_and_given_back(api: Any, certificate: str, authority: Issued) -> None:
    wanted = AUTHENTICATED | {
        "tls_version": "1.2", "legacy": True, "check_dates": False, "accept_self_signed": True,
        "authorities": authority.pem.decode(),
    }  # fmt: skip

    made = api.post("/buses", wanted)

    assert security_of(made) == security_of(wanted | {"server_certificate": None})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ROOF | {"certificate": "k1"}, [("certificate", "not_with_security")]),
        (
            ROOF | {"tls_version": "any", "legacy": False, "check_dates": True},
            [("tls_version", "not_with_security"), ("legacy", "not_with_security"),
             ("check_dates", "not_with_security")],
        ),
        (ROOF | {"accept_self_signed": True}, [("accept_self_signed", "not_with_security")]),
        (ROOF | {"authorities": "x"}, [("authorities", "not_with_security")]),
        (ROOF | {"server_certificate": "x"}, [("server_certificate", "not_with_security")]),
        (ENCRYPTED | {"certificate": "k1"}, [("certificate", "not_with_security")]),
        (ROOF | {"security": "authenticated"}, [("certificate", "required")]),
        (AUTHENTICATED | {"certificate": None}, [("certificate", "required")]),
        (AUTHENTICATED | {"certificate": "k2"}, [("certificate", "unknown")]),
        (AUTHENTICATED | {"certificate": "b1"}, [("certificate", "unknown")]),
        (ENCRYPTED | {"tls_version": "1.0"}, [("tls_version", "not_one_of")]),
        (ENCRYPTED | {"tls_version": "1.1"}, [("tls_version", "legacy_only")]),
        (ENCRYPTED | {"legacy": 3}, [("legacy", "not_boolean")]),
        (ENCRYPTED | {"authorities": "hello"}, [("authorities", "no_pem")]),
        (ENCRYPTED | {"authorities": ""}, [("authorities", "too_short")]),
        (ENCRYPTED | {"authorities": "x" * 65537}, [("authorities", "too_long")]),
        (ENCRYPTED | {"server_certificate": "hello"}, [("server_certificate", "no_pem")]),
        (
            ENCRYPTED | {"server_certificate": "x", "authorities": "x"},
            [("server_certificate", "contradiction")],
        ),
        (
            ENCRYPTED | {"server_certificate": "x", "accept_self_signed": True},
            [("server_certificate", "contradiction")],
        ),
        (
            {"kind": "modbus-rtu", "name": "Cellar", "port": "/dev/ttyUSB0", "legacy": True},
            [("legacy", "unknown_field")],
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_its_field_named(
    api: Any, certificate: str, wanted: Any, expected: list[tuple[str, str]]
) -> None:
    assert problems(api("POST", "/buses", wanted)) == expected
    assert api.get("/buses")["items"] == []


def test_files_that_hold_no_certificate_are_told_from_damaged_ones(api: Any, client: Issued) -> None:
    damaged = client.pem.decode()[:200] + "\n-----END CERTIFICATE-----\n"

    for field in ("authorities", "server_certificate"):
        assert problems(api("POST", "/buses", ENCRYPTED | {field: client.key.decode()})) == [(field, "no_certificate")]
        assert problems(api("POST", "/buses", ENCRYPTED | {field: damaged})) == [(field, "certificate_damaged")]


def test_an_expired_certificate_of_a_server_is_a_question_of_dates(api: Any) -> None:
    expired = ENCRYPTED | {"server_certificate": issue("meter", days=(-3, -2)).pem.decode()}

    assert problems(api("POST", "/buses", expired)) == [("server_certificate", "certificate_expired")]
    assert api.post("/buses", expired | {"check_dates": False})["server_certificate"] == expired["server_certificate"]


def test_a_key_that_was_pasted_with_a_certificate_is_not_kept(api: Any, client: Issued, authority: Issued) -> None:
    pasted = (client.key + client.pem + authority.pem).decode()

    trusting = api.post("/buses", ENCRYPTED | {"authorities": pasted})
    knowing = api.post("/buses", ENCRYPTED | {"server_certificate": pasted, "name": "Yard", "port": 803})

    assert trusting["authorities"] == (client.pem + authority.pem).decode()
    assert knowing["server_certificate"] == client.pem.decode()


def test_what_no_longer_applies_is_dropped(api: Any, certificate: str, authority: Issued) -> None:
    bus = api.post("/buses", AUTHENTICATED | {"authorities": authority.pem.decode(), "tls_version": "1.3"})["id"]

    encrypted = api.patch(f"/buses/{bus}", {"security": "encrypted"})
    clear = api.patch(f"/buses/{bus}", {"security": "clear"})
    again = api.patch(f"/buses/{bus}", {"security": "encrypted"})

    assert (encrypted["certificate"], encrypted["tls_version"]) == (None, "1.3")
    assert encrypted["authorities"] == authority.pem.decode()
    assert security_of(clear) == IN_CLEAR
    assert (again["tls_version"], again["authorities"], again["version"]) == ("any", None, 4)


def test_null_takes_away_what_can_be_absent(api: Any, certificate: str, authority: Issued) -> None:
    bus = api.post("/buses", AUTHENTICATED | {"authorities": authority.pem.decode()})["id"]

    without = api.patch(f"/buses/{bus}", {"authorities": None, "legacy": None})
    refused = api("PATCH", f"/buses/{bus}", {"certificate": None})

    assert (without["authorities"], without["legacy"]) == (None, False)
    assert problems(refused) == [("certificate", "required")]


def test_an_answer_can_be_sent_back_and_changes_nothing(api: Any, certificate: str, authority: Issued) -> None:
    for wanted in (ROOF, AUTHENTICATED | {"authorities": authority.pem.decode(), "name": "Yard", "port": 803}):
        made = api.post("/buses", wanted)

        back = api.patch(f"/buses/{made['id']}", {k: v for k, v in made.items() if k not in ("id", "kind")})

        assert back == made


def test_a_change_must_fit_the_security_that_is_there(api: Any, bus: str) -> None:
    assert problems(api("PATCH", f"/buses/{bus}", {"tls_version": "1.3"})) == [("tls_version", "not_with_security")]
    assert problems(api("PATCH", f"/buses/{bus}", {"security": "authenticated"})) == [("certificate", "required")]
    refused = api("PATCH", f"/buses/{bus}", {"legacy": True})
    assert "clear" in refused.json()["detail"]


def test_legacy_cannot_be_left_with_what_needs_it(api: Any, certificate: str) -> None:
    ClientCertificate.objects.update(needs_legacy=True)
    weak = AUTHENTICATED | {"legacy": True}

    assert problems(api("POST", "/buses", AUTHENTICATED)) == [("certificate", "certificate_needs_legacy")]
    bus = api.post("/buses", weak | {"tls_version": "1.1"})["id"]
    assert problems(api("PATCH", f"/buses/{bus}", {"legacy": False})) == [("tls_version", "legacy_only")]
    assert problems(api("PATCH", f"/buses/{bus}", {"legacy": False, "tls_version": "any"})) == [
        ("certificate", "certificate_needs_legacy")
    ]


def test_an_expired_certificate_is_not_chosen_but_stays_where_it_was(api: Any, certificate: str) -> None:
    bus = api.post("/buses", AUTHENTICATED)["id"]
    ClientCertificate.objects.update(valid_until=datetime.now(UTC) - timedelta(days=1))
    other = AUTHENTICATED | {"name": "Yard", "port": 803}

    assert api.patch(f"/buses/{bus}", {"name": "Attic"})["certificate"] == certificate
    assert problems(api("POST", "/buses", other)) == [("certificate", "certificate_expired")]
    assert api.post("/buses", other | {"check_dates": False})["certificate"] == certificate


def test_the_plant_has_the_connection_as_it_was_configured(
    api: Any, certificate: str, client: Issued, authority: Issued, folder: DataFolder
) -> None:
    pem = authority.pem.decode()
    api.post("/buses", ROOF)
    api.post("/buses", AUTHENTICATED | {"name": "Yard", "port": 803, "tls_version": "1.3", "authorities": pem})
    api.post("/buses", ENCRYPTED | {"name": "Barn", "port": 804, "server_certificate": pem, "check_dates": False})
    sealed = ClientCertificate.objects.get().sealed_key

    found = [bus for bus in load_plant().buses if isinstance(bus, TcpBus)]

    assert [bus.tls for bus in found] == [
        None,
        TlsSetup(ClientIdentity(client.pem.decode(), sealed), TlsVersion.V1_3, authorities=pem),
        TlsSetup(None, checks_dates=False, server_certificate=pem),
    ]
    links = [link_of(bus, Vault(folder.vault_key)) for bus in found]
    assert [isinstance(link, TcpLink) and link.is_secured for link in links] == [False, True, True]


def test_reading_the_plant_asks_once_for_all_buses(api: Any, certificate: str) -> None:
    counts = []
    for number in range(2):
        api.post("/buses", AUTHENTICATED | {"name": f"B{number}", "port": 803 + number})
        with CaptureQueriesContext(connection) as queries:
            load_plant()
        counts.append(len(queries))

    assert counts[0] == counts[1]
