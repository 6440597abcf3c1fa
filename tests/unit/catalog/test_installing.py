"""Packages come into the user's folder and leave it whole, and never take away what a device needs."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wattledger.catalog import CatalogFolder, load_catalog
from wattledger.catalog.installing import Use, install, installed, is_forcible, remove
from wattledger.catalog.package_errors import PackageError, PackageFault
from wattledger.catalog.packing import pack
from wattledger.catalog.signing import UNSIGNED, Signer

Make = Callable[..., bytes]


@pytest.fixture
def make(small_profile: str, tmp_path: Path) -> Make:
    """A package of the small profile: `make(version=2)`, with a text of the profile replaced."""

    def package(old: str = "", new: str = "", *, version: int = 1, signer: Signer | None = None) -> bytes:
        path = tmp_path / "small.yaml"
        text = small_profile.replace("version: 1", f"version: {version}", 1)
        assert old in text
        path.write_text(text.replace(old, new) if old else text)
        return pack(path, signer=signer).data

    return package


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "profiles"


def test_an_installed_package_is_in_the_catalog_and_a_removed_one_is_not(make: Make, folder: Path) -> None:
    done = install(make(), folder)

    assert (done.is_new, done.before, done.signer) == (True, None, UNSIGNED)
    catalog = load_catalog(folder)
    assert catalog.profile("small-meter").name == "Small meter"
    assert catalog.origins["small-meter"] == folder / "small-meter.hes"
    assert [one.path.name for one in installed(folder)] == ["small-meter.hes"]

    remove("small-meter", folder)

    assert "small-meter" not in load_catalog(folder).origins
    assert list(folder.iterdir()) == []


def test_a_newer_version_replaces_an_older_one_and_the_same_changes_nothing(make: Make, folder: Path) -> None:
    install(make(), folder)
    stamp = (folder / "small-meter.hes").stat().st_ino

    assert install(make(), folder).is_new is False
    assert (folder / "small-meter.hes").stat().st_ino == stamp
    assert install(make(version=2), folder).before == 1
    assert load_catalog(folder).profile("small-meter").version == 2


def test_an_older_or_another_same_version_needs_somebody_who_insists(make: Make, folder: Path) -> None:
    install(make(version=2), folder)

    for data, fault in (
        (make(version=1), PackageFault.OLDER),
        (make("Small meter", "Other meter", version=2), PackageFault.SAME_VERSION),
    ):
        with pytest.raises(PackageError) as caught:
            install(data, folder)
        assert caught.value.fault is fault
        assert is_forcible(caught.value)
        assert load_catalog(folder).profile("small-meter").version == 2
        assert install(data, folder, is_forced=True).before
        install(make(version=2), folder, is_forced=True)


def test_a_signed_package_is_not_replaced_by_somebody_elses(make: Make, folder: Path) -> None:
    ours, theirs = (Signer(Ed25519PrivateKey.generate()) for _ in range(2))
    install(make(signer=ours), folder)

    for signer, fault in ((theirs, PackageFault.OTHER_SIGNER), (None, PackageFault.NO_SIGNER)):
        with pytest.raises(PackageError) as caught:
            install(make(version=2, signer=signer), folder)
        assert caught.value.fault is fault
    assert install(make(version=2, signer=ours), folder).signer == installed(folder)[0].signer != UNSIGNED
    assert install(make(version=3), folder, is_forced=True).signer == UNSIGNED


def test_an_id_of_the_built_in_profiles_or_of_a_file_of_the_user_is_not_taken(
    make: Make, folder: Path, small_profile: str
) -> None:
    with pytest.raises(PackageError, match="'hager-ecr' is built in; choose another id") as caught:
        install(make("id: small-meter", "id: hager-ecr"), folder)
    assert caught.value.fault is PackageFault.ID_BUILT_IN
    folder.joinpath("mine.yaml").write_text(small_profile)
    with pytest.raises(PackageError, match=r"from mine\.yaml"):
        install(make(), folder, is_forced=True)

    assert sorted(path.name for path in folder.iterdir()) == ["mine.yaml"]


def test_what_a_device_needs_neither_goes_nor_is_replaced_by_a_package_without_it(make: Make, folder: Path) -> None:
    install(make(), folder)
    uses = [Use("small-meter", "SM1", "Kitchen"), Use("hager-ecr", "ECR380D", "Main")]

    with pytest.raises(PackageError, match="devices use what would go: Kitchen") as caught:
        remove("small-meter", folder, uses=uses)
    assert not is_forcible(caught.value)
    with pytest.raises(PackageError, match="Kitchen"):
        install(make("SM1", "SM2", version=2), folder, uses=uses, is_forced=True)
    assert load_catalog(folder).profile("small-meter").product("SM1")

    install(make("name: Small meter", "name: Better meter", version=2), folder, uses=uses)
    assert load_catalog(folder).profile("small-meter").name == "Better meter"


def test_only_what_is_installed_can_be_removed(make: Make, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "data" / "outside.hes"
    install(make(), folder)
    outside.write_bytes(make())

    for name in ("other", "../outside", "", "."):
        with pytest.raises(PackageError, match="there are: small-meter"):
            remove(name, folder)
    assert outside.exists()


def test_a_package_that_was_damaged_on_the_card_is_told_and_can_be_replaced(make: Make, folder: Path) -> None:
    install(make(), folder)
    file = folder / "small-meter.hes"
    file.write_bytes(file.read_bytes()[:-40])

    catalog = load_catalog(folder)
    assert "small-meter" not in catalog.origins
    assert catalog.broken[0].path == file
    assert catalog.broken[0].reason.startswith("small-meter.hes: no package of profiles")
    assert installed(folder)[0].fault is not None
    assert install(make(), folder).before is None
    assert load_catalog(folder).broken == ()


def test_a_folder_that_cannot_be_written_is_told(make: Make, folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file")

    with pytest.raises(PackageError) as caught:
        install(make(), folder)
    assert caught.value.fault is PackageFault.FOLDER


def test_the_catalog_of_a_folder_is_read_anew_when_a_file_came_changed_or_went(
    make: Make, folder: Path, small_profile: str
) -> None:
    kept = CatalogFolder(folder)
    first = kept.catalog()
    assert kept.catalog() is first
    assert not kept.is_changed()

    install(make(), folder)
    assert kept.is_changed()
    assert kept.catalog().profile("small-meter").version == 1
    install(make(version=2), folder)
    assert kept.catalog().profile("small-meter").version == 2
    remove("small-meter", folder)
    assert "small-meter" not in kept.catalog().origins
    (folder / "mine.yaml").write_text(small_profile)
    assert "small-meter" in kept.catalog().origins


def test_a_killed_installation_leaves_the_old_package_or_the_new_one(make: Make, folder: Path) -> None:
    versions = [make(), make(version=2)]
    install(versions[0], folder)

    for count in range(1, 31):
        heard, told = os.pipe()
        child = os.fork()
        if not child:
            try:
                while True:
                    for data in reversed(versions):
                        install(data, folder, is_forced=True)
                        os.write(told, b".")
            finally:
                os._exit(1)
        os.close(told)
        for _ in range(count % 5):
            assert os.read(heard, 1)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(heard)

        assert (folder / "small-meter.hes").read_bytes() in versions
        assert load_catalog(folder).broken == ()
    install(versions[1], folder, is_forced=True)
    assert [path.name for path in folder.iterdir()] == ["small-meter.hes"]
