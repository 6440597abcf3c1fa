"""Client certificates in the API: taken when they can be used, replaced, told of in time; their keys never shown."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tls_peers import Issued, issue
from wattledger.apps.devices.expiry import tell_expiry
from wattledger.apps.devices.models import ClientCertificate
from wattledger.apps.devices.plant import load_plant
from wattledger.apps.rest.server import journal
from wattledger.apps.rest.texts import TEXTS
from wattledger.certificates import Fault
from wattledger.journal import Code, Event
from wattledger.plant import SEALED_FOR, DataFolder, to_bytes
from wattledger.vault import Vault

CLEAR = serialization.NoEncryption()
ROOF = {"kind": "modbus-tcp", "name": "Roof", "host": "10.0.0.2", "port": 802, "security": "authenticated"}


def weak() -> Issued:
    key = rsa.generate_private_key(65537, 1024)
    name, now = x509.Name([]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(9)).sign(key, hashes.SHA256())
    )  # fmt: skip
    return Issued(certificate, key)  # type: ignore[arg-type]


def test_an_uploaded_certificate_is_shown_without_its_key(api: Any, client: Issued, upload: Any) -> None:
    made = api.post("/certificates", upload(client))

    assert made == {
        "id": made["id"], "name": "Plant", "subject": "CN=wattledger", "issuer": "CN=plant authority",
        "valid_from": client.certificate.not_valid_before_utc.isoformat().replace("+00:00", "Z"),
        "valid_until": client.certificate.not_valid_after_utc.isoformat().replace("+00:00", "Z"),
        "fingerprint": client.certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        "needs_legacy": False, "added": made["added"], "version": 1,
    }  # fmt: skip
    assert api.get(f"/certificates/{made['id']}") == made
    assert api.get("/certificates") == {"items": [made], "next": None}


def test_the_key_is_nowhere_in_clear(
    api: Any, client: Issued, upload: Any, folder: DataFolder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wanted = upload(client)
    answers = [
        api("POST", "/certificates", wanted, Idempotency_Key="once").content,
        api("POST", "/certificates", wanted, Idempotency_Key="once").content,
        api("POST", "/certificates", wanted).content,  # refused: the name is taken
        api("POST", "/certificates", wanted | {"name": "", "extra": 1}).content,
        api("PATCH", "/certificates/k1", {"key": wanted["key"]}).content,
        api("PATCH", "/certificates/k1", wanted | {"name": "Other"}).content,
        api("GET", "/certificates").content,
        api("GET", "/events").content,
    ]
    api.post("/buses", ROOF | {"certificate": "k1"})
    folder.archive.mkdir()
    folder.last_plant.write_bytes(to_bytes(load_plant()))
    journal().flush(at_once=True)
    key = client.private_key
    numbers = key.private_numbers().private_value.to_bytes(32, "big")
    secrets = [
        numbers,
        numbers.hex().encode(),
        *(line for line in client.key.splitlines() if not line.startswith(b"-----")),
    ]

    files = [path.read_bytes() for path in folder.root.rglob("*") if path.is_file()]
    everything = b"\0".join([*files, *answers, caplog.text.encode(), repr(load_plant()).encode()])

    assert b"wattledger" in everything
    assert client.pem.splitlines()[1] in everything  # what is public is found, so the search works
    assert ClientCertificate.objects.get().sealed_key.encode() in everything
    assert ClientCertificate.objects.get().sealed_key not in repr(load_plant())
    assert [secret for secret in secrets if secret in everything] == []


def test_the_engine_can_unseal_what_was_uploaded(certificate: str, client: Issued, folder: DataFolder) -> None:
    sealed = ClientCertificate.objects.get().sealed_key

    assert Vault(folder.vault_key).unseal(sealed, purpose=SEALED_FOR) == client.key


def test_a_repeated_upload_makes_one_certificate(api: Any, client: Issued, upload: Any) -> None:
    first, second = (api.post("/certificates", upload(client), Idempotency_Key="once") for _ in "ab")

    assert first == second
    assert ClientCertificate.objects.count() == 1


LOCKED = serialization.BestAvailableEncryption(b"secret")
WRONG = [
    ("no PEM", lambda c: {"certificate": "hello"}, "certificate", "no_pem"),
    ("swapped", lambda c: {"certificate": c.key.decode()}, "certificate", "no_certificate"),
    ("cut", lambda c: {"certificate": c.pem.decode()[:200] + "\n-----END CERTIFICATE-----"}, "certificate",
     "certificate_damaged"),
    ("expired", lambda c: {"certificate": issue("x", days=(-3, -2)).pem.decode()}, "certificate",
     "certificate_expired"),
    ("future", lambda c: {"certificate": issue("x", days=(2, 3)).pem.decode()}, "certificate",
     "certificate_not_valid_yet"),
    ("key no PEM", lambda c: {"key": "hello"}, "key", "no_pem"),
    ("no key", lambda c: {"key": c.pem.decode()}, "key", "no_private_key"),
    ("key damaged", lambda c: {"key": c.key.decode().replace("M", "N")}, "key", "private_key_damaged"),
    ("key locked", lambda c: {"key": c.key_locked_by(LOCKED).decode()}, "key", "private_key_locked"),
    ("key of another", lambda c: {"key": issue("x").key.decode()}, "key", "private_key_of_another"),
    ("too long", lambda c: {"key": "x" * 65537}, "key", "too_long"),
    ("no text", lambda c: {"key": 5}, "key", "not_text"),
    ("empty", lambda c: {"key": ""}, "key", "too_short"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "field", "code"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_file_is_refused_with_the_reason_and_the_old_one_stays(
    api: Any, caller: Any, client: Issued, certificate: str, upload: Any, change: Any, field: str, code: str
) -> None:
    before = ClientCertificate.objects.values().get()
    body = upload(client, name="Other") | change(client)

    made = api("POST", "/certificates", body)
    replaced = caller("administrator", language="de")("PATCH", f"/certificates/{certificate}", body)

    for response in (made, replaced):
        assert response.status_code == 422
        assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [(field, code)]
    assert replaced.json()["detail"] != made.json()["detail"]
    assert ClientCertificate.objects.values().get() == before


def test_every_fault_of_a_file_has_a_text() -> None:
    assert {fault.value for fault in Fault} <= set(TEXTS)


def test_the_dates_stand_in_the_reason(api: Any, upload: Any) -> None:
    future = issue("wattledger", days=(2, 3))

    refused = api("POST", "/certificates", upload(future)).json()

    assert f"{future.certificate.not_valid_before_utc:%Y-%m-%d}" in refused["detail"]
    assert f"{datetime.now(UTC):%Y-%m-%d}" in refused["detail"]


def test_a_key_in_the_file_of_the_certificate_is_not_kept_in_clear(api: Any, client: Issued, upload: Any) -> None:
    both = client.key.decode() + client.pem.decode()

    api.post("/certificates", upload(client) | {"certificate": both, "key": both})

    assert ClientCertificate.objects.get().certificate == client.pem.decode()


def test_certificate_and_key_are_replaced_together(
    api: Any, authority: Issued, certificate: str, upload: Any, client: Issued
) -> None:
    address, other = f"/certificates/{certificate}", issue("renewed", by=authority, days=(-1, 200))

    alone = api("PATCH", address, {"certificate": other.pem.decode()})
    key_alone = api("PATCH", address, {"key": other.key.decode()})
    replaced = api.patch(address, upload(other, name="Renewed") | {"version": 1})
    late = api("PATCH", address, upload(client) | {"version": 1})

    assert (alone.json()["field"], alone.json()["code"]) == ("key", "required")
    assert (key_alone.json()["field"], key_alone.json()["code"]) == ("certificate", "required")
    assert (replaced["name"], replaced["subject"], replaced["version"]) == ("Renewed", "CN=renewed", 2)
    assert (late.status_code, late.json()["code"]) == (409, "version_conflict")


def test_a_name_belongs_to_one_certificate(api: Any, certificate: str, client: Issued, upload: Any) -> None:
    taken = api("POST", "/certificates", upload(client))
    api.post("/certificates", upload(client, name="Other"))
    renamed = api("PATCH", f"/certificates/{certificate}", {"name": "Other"})
    unchanged = api.patch(f"/certificates/{certificate}", {"name": "Plant"})

    assert (taken.json()["field"], taken.json()["code"]) == ("name", "taken")
    assert (renamed.json()["field"], renamed.json()["code"]) == ("name", "taken")
    assert unchanged["version"] == 1


def test_a_certificate_in_use_stays_and_who_uses_it_is_named(api: Any, certificate: str) -> None:
    bus = api.post("/buses", ROOF | {"certificate": certificate})["id"]

    refused = api("DELETE", f"/certificates/{certificate}")
    api.patch(f"/buses/{bus}", {"security": "clear"})
    gone = api("DELETE", f"/certificates/{certificate}")

    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert "Roof" in refused.json()["detail"]
    assert gone.status_code == 204
    assert api("GET", f"/certificates/{certificate}").status_code == 404


def test_a_connection_of_today_does_not_lose_its_certificate_to_a_weak_one(
    api: Any, certificate: str, upload: Any
) -> None:
    api.post("/buses", ROOF | {"certificate": certificate})

    kept = api.post("/certificates", upload(weak(), name="Old meters"))
    refused = api("PATCH", f"/certificates/{certificate}", upload(weak()))

    assert kept["needs_legacy"] is True
    assert (refused.json()["field"], refused.json()["code"]) == ("certificate", "certificate_needs_legacy")


def test_a_change_is_traced_by_name(api: Any, certificate: str) -> None:
    api("DELETE", f"/certificates/{certificate}")

    told = [event.params for event in journal().events(codes=["configuration_changed"]).events]

    assert [(one["what"], one["name"], one["change"]) for one in told] == [
        ("certificate", "Plant", "deleted"),
        ("certificate", "Plant", "created"),
    ]


def test_without_the_vaults_key_nothing_is_kept_and_the_server_says_so(
    api: Any, client: Issued, upload: Any, folder: DataFolder
) -> None:
    folder.vault_key.unlink()

    refused = api("POST", "/certificates", upload(client))

    assert (refused.status_code, refused.json()["code"]) == (503, "vault_unavailable")
    assert ClientCertificate.objects.count() == 0


def expiring() -> list[Event]:
    return list(journal().events(codes=[Code.CLIENT_CERTIFICATE_EXPIRING], active_only=True).events)


def test_a_certificate_in_use_that_expires_within_a_month_is_told_until_it_is_replaced(
    api: Any, certificate: str, client: Issued, upload: Any
) -> None:
    until = client.certificate.not_valid_after_utc
    month_before = until - timedelta(days=29)

    def tell(at: datetime) -> int:
        tell_expiry(journal(), now=at, source="tests")
        journal().flush(at_once=True)
        return len(expiring())

    unused = tell(month_before)
    api.post("/buses", ROOF | {"certificate": certificate})
    early, in_time, late = tell(until - timedelta(days=31)), tell(month_before), tell(until + timedelta(days=1))
    [event] = expiring()
    api.patch(f"/certificates/{certificate}", upload(client))
    journal().flush(at_once=True)

    assert (unused, early, in_time, late) == (0, 0, 1, 1)
    assert event.params == {"certificate": "Plant", "buses": "Roof", "date": f"{until:%Y-%m-%d}"}
    assert expiring() == []


def test_an_expiry_ends_when_nobody_shows_the_certificate_any_more(api: Any, certificate: str, client: Issued) -> None:
    now = client.certificate.not_valid_after_utc
    bus = api.post("/buses", ROOF | {"certificate": certificate})["id"]
    tell_expiry(journal(), now=now, source="tests")
    api("DELETE", f"/buses/{bus}")

    tell_expiry(journal(), now=now, source="tests")
    journal().flush(at_once=True)

    assert expiring() == []
