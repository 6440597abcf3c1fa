"""The engine with meters behind TLS: read, refused with a reason, reconnected when their certificate is replaced."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tls_peers import HOST, Issued, TlsFront, issue, server_context
from wattledger.engine.api import DeviceCondition, IdentifyOutcome, IdentifyRequest
from wattledger.plant import SEALED_FOR, ClientIdentity, Device, Plant, TcpBus, TlsSetup, TlsVersion
from wattledger.vault import Vault, ensure_vault_key

ENERGY = 1
SECURED, IN_CLEAR = 1, 2  # buses and the devices on them
ANSWERING, UNREACHABLE = DeviceCondition.ANSWERING, DeviceCondition.UNREACHABLE


@pytest.fixture(scope="module")
def authority() -> Issued:
    return issue("plant authority", is_authority=True)


@pytest.fixture(scope="module")
def client(authority: Issued) -> Issued:
    return issue("wattledger", by=authority)


@pytest.fixture
def front(ecr380d: Any, authority: Issued, tmp_path: Path) -> Iterator[Callable[..., TlsFront]]:
    """Puts an end of TLS before the simulated meter, which wants client certificates of the authority."""
    with ExitStack() as fronts:

        def start(server: Issued | None = None) -> TlsFront:
            shown = server or issue("meter", by=authority, host=HOST)
            made = TlsFront(server_context(shown, tmp_path, clients_of=authority), ecr380d.port)
            fronts.callback(made.stop)
            return made

        yield start


@pytest.fixture
def vault(folder: Any) -> Vault:
    ensure_vault_key(folder.vault_key)
    return Vault(folder.vault_key)


@pytest.fixture
def setup(vault: Vault, authority: Issued) -> Callable[..., TlsSetup]:
    """How a connection is secured that shows `shown` and trusts the plant's authority."""

    def make(shown: Issued, **settings: Any) -> TlsSetup:
        identity = ClientIdentity(shown.pem.decode(), vault.seal(shown.key, purpose=SEALED_FOR))
        return TlsSetup(identity, **({"authorities": authority.pem.decode()} | settings))

    return make


@pytest.fixture
def plant(make_plant: Callable[..., Plant], ecr380d: Any) -> Callable[..., Plant]:
    """The meter twice: behind TLS, and in clear."""

    def make(front: TlsFront, tls: TlsSetup, *, revision: int = 1) -> Plant:
        made = make_plant(ecr380d.port, revision=revision)
        buses = (
            TcpBus(SECURED, "Roof", HOST, front.port, timeout_s=1.0, retries=1, tls=tls),
            TcpBus(IN_CLEAR, "Board", HOST, ecr380d.port, timeout_s=1.0, retries=1),
        )
        second = Device(IN_CLEAR, "Beside it", IN_CLEAR, 1, "hager-ecr", "ECR380D")
        return replace(made, buses=buses, devices=(*made.devices, second))

    return make


@pytest.fixture
def engine(folder: Any, clock: Any, start: Any, make_plants: Any) -> Callable[[Plant], Any]:
    return lambda plant: start(folder, clock, make_plants(plant))


def state_of(running: Any, device: int) -> Any:
    """The state of a device; None while the plant is not applied yet (a StopIteration would never leave its thread)."""
    return next((one for one in running.client.state().devices if one.device == device), None)


async def condition(running: Any, device: int, wanted: DeviceCondition) -> Any:
    """Wait until a device is in this condition; gives its state."""

    def found() -> Any:
        state = state_of(running, device)
        return state if state is not None and state.condition is wanted else None

    return await running.until(found)


async def test_a_slot_is_recorded_over_an_authenticated_connection(
    engine: Any, front: Any, plant: Any, setup: Any, client: Issued, ecr380d: Any
) -> None:
    ecr380d.tell("freeze on")
    ecr380d.tell("set 0xB060 4711")
    meter = front()

    async with engine(plant(meter, setup(client, version=TlsVersion.V1_2))) as running:
        energy = await running.until(lambda: running.readings(ENERGY))

    assert [value for _, value in energy] == [4_711_000.0]
    assert meter.peer_der is not None
    assert meter.version == "TLSv1.2"
    kept = running.folder.last_plant.read_bytes()
    assert not [line for line in client.key.splitlines() if not line.startswith(b"-----") and line in kept]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("server of a stranger", "issued by an authority that is not trusted"),
        ("another server than the known one", "another certificate than the one that was uploaded"),
        ("client of a stranger", "our (client )?certificate"),
    ],
)
async def test_a_wrong_certificate_makes_a_device_unreachable_with_the_reason_and_no_other(
    engine: Any, front: Any, plant: Any, setup: Any, client: Issued, authority: Issued, case: str, reason: str
) -> None:
    stranger = issue("other authority", is_authority=True)
    right = issue("meter", by=authority, host=HOST)
    meter = front(issue("meter", by=stranger, host=HOST) if case == "server of a stranger" else right)
    shown = issue("wattledger", by=stranger) if case == "client of a stranger" else client
    known = {"authorities": "", "server_certificate": issue("meter").pem.decode()}
    tls = setup(shown, **(known if case == "another server than the known one" else {}))

    async with engine(plant(meter, tls)) as running:
        secured = await condition(running, SECURED, UNREACHABLE)
        said = await running.ask(running.client.identify, IdentifyRequest(SECURED, 1, "hager-ecr", "ECR380D", "tests"))
        await condition(running, IN_CLEAR, ANSWERING)

    assert re.search(reason, secured.reason)
    assert (said.outcome, said.advice) == (IdentifyOutcome.NO_ANSWER, "check_tls")
    assert re.search(reason, said.detail)


async def test_a_replaced_certificate_is_shown_at_once_and_disturbs_nobody_else(
    engine: Any, front: Any, plant: Any, setup: Any, client: Issued, authority: Issued
) -> None:
    meter, renewed = front(), issue("renewed", by=authority)

    async with engine(plant(meter, setup(client))) as running:
        await condition(running, SECURED, ANSWERING)
        await condition(running, IN_CLEAR, ANSWERING)
        running.plants.plant = plant(meter, setup(renewed), revision=2)
        await running.ask(running.client.reload, 2, "tests")
        await running.until(lambda: meter.connections == 2 and state_of(running, SECURED).condition is ANSWERING)
        traffic = {row.bus: row for row in await running.ask(running.client.statistics) if row.device is None}

    assert meter.peer_der == renewed.certificate.public_bytes(Encoding.DER)
    assert (traffic[IN_CLEAR].connections, traffic[IN_CLEAR].connections_lost) == (1, 0)


async def test_a_plant_that_is_saved_again_leaves_a_secured_connection_as_it_is(
    engine: Any, front: Any, plant: Any, setup: Any, client: Issued
) -> None:
    meter, tls = front(), setup(client)

    async with engine(plant(meter, tls)) as running:
        await condition(running, SECURED, ANSWERING)
        running.plants.plant = plant(meter, tls, revision=2)
        await running.ask(running.client.reload, 2, "tests")
        before = await running.ask(state_of, running, SECURED)
        await running.until(lambda: state_of(running, SECURED).last_answer > before.last_answer)

    assert meter.connections == 1


async def test_a_lost_vault_costs_only_the_bus_that_needs_it_until_its_key_is_put_back(
    engine: Any, front: Any, plant: Any, setup: Any, client: Issued, folder: Any
) -> None:
    tls, away = setup(client), folder.root / "away"
    folder.vault_key.rename(away)

    async with engine(plant(front(), tls)) as running:
        secured = await condition(running, SECURED, UNREACHABLE)
        await condition(running, IN_CLEAR, ANSWERING)
        away.rename(folder.vault_key)
        await condition(running, SECURED, ANSWERING)

    assert "private key of the client certificate" in secured.reason
    assert "vault.key" in secured.reason


async def test_a_key_of_another_server_is_told(
    engine: Any, front: Any, plant: Any, setup: Any, client: Issued, folder: Any
) -> None:
    tls = setup(client)
    folder.vault_key.unlink()
    ensure_vault_key(folder.vault_key)

    async with engine(plant(front(), tls)) as running:
        secured = await condition(running, SECURED, UNREACHABLE)

    assert "sealed with another key" in secured.reason
