"""A package of profiles is a change of the configuration like any other."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wattledger.apps.building.revision import saved_revision
from wattledger.apps.devices.packages import install_package, remove_package
from wattledger.apps.rest.server import journal
from wattledger.catalog.loading import BUILT_IN
from wattledger.catalog.package_errors import PackageError, PackageFault
from wattledger.catalog.packing import pack
from wattledger.plant import DataFolder

BY = {"actor": "local", "source": "cli"}


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., bytes]:
    """A package with the registers of a built-in profile under an id of its own."""

    def make(version: int = 1) -> bytes:
        text = (BUILT_IN / "hager-ecr.yaml").read_text()
        path = tmp_path / "own.yaml"
        path.write_text(
            re.sub(r"^id: .*\nversion: .*$", f"id: own-meter\nversion: {version}", text, count=1, flags=re.MULTILINE)
        )
        return pack(path).data

    return make


def test_an_installed_profile_is_offered_declared_and_kept_while_it_is_used(
    api: Any, folder: DataFolder, own: Callable[..., bytes]
) -> None:
    before = saved_revision()
    install_package(own(), is_forced=False, **BY)
    bus = api.post("/buses", {"kind": "modbus-tcp", "name": "Board", "host": "127.0.0.1"})["id"]
    wanted = {"name": "Kitchen", "profile": "own-meter", "product": "ECR380D", "bus": bus, "unit_id": 1}
    device = api.post("/devices", wanted)["id"]
    install_package(own(version=2), is_forced=False, **BY)

    with pytest.raises(PackageError) as caught:
        remove_package("own-meter", **BY)
    assert caught.value.fault is PackageFault.IN_USE
    assert caught.value.params == {"users": "Kitchen"}
    assert any(profile["id"] == "own-meter" for profile in api.get("/profiles"))

    api("DELETE", f"/devices/{device}")
    remove_package("own-meter", **BY)

    assert not any(profile["id"] == "own-meter" for profile in api.get("/profiles"))
    events = journal().events(codes=["configuration_changed"]).events
    told = [
        (event.params["change"], event.actor, event.source) for event in events if event.params["what"] == "profiles"
    ]
    assert sorted(told) == [(change, "local", "cli") for change in ("changed", "created", "deleted")]
    assert saved_revision() == before + 6


def test_a_refused_package_changes_neither_folder_nor_revision(folder: DataFolder, own: Callable[..., bytes]) -> None:
    install_package(own(), is_forced=False, **BY)
    before = saved_revision()

    with pytest.raises(PackageError):
        install_package(own()[:-1], is_forced=False, **BY)
    assert install_package(own(), is_forced=False, **BY).is_new is False

    assert saved_revision() == before
    assert [path.name for path in folder.profiles.iterdir()] == ["own-meter.hes"]
