"""A package is taken whole or refused whole, whatever somebody made of the file."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from wattledger.catalog.package import Package, read_package
from wattledger.catalog.package_errors import PackageError, PackageFault
from wattledger.catalog.packing import pack
from wattledger.catalog.signing import UNSIGNED, Signer, fingerprint, signer_of


def picture(width: int = 8, height: int = 8, *, extra: bytes = b"", rows: bytes | None = None) -> bytes:
    """A grey PNG, written by hand."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress((b"\0" + b"\x80" * width) * height if rows is None else rows))
    return b"\x89PNG\r\n\x1a\n" + header + extra + pixels + chunk(b"IEND", b"")


def text_chunk() -> bytes:
    body = b"Comment\0<script>"
    return struct.pack(">I", len(body)) + b"tEXt" + body + struct.pack(">I", zlib.crc32(b"tEXt" + body))


def manifest_of(content: Mapping[str, bytes], **changes: object) -> bytes:
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    manifest = {"format": 1, "id": "small", "version": 1, "name": "Small meters", "author": "", "files": sums}
    return json.dumps(manifest | changes).encode()  # JSON is YAML too


def zipped(files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return memory.getvalue()


Build = Callable[..., bytes]


@pytest.fixture
def build(small_profile: str) -> Build:
    """A package of the small profile with an icon, made by hand, with files and keys of its manifest changed."""

    def make(changed: Mapping[str, bytes | None] | None = None, **manifest: object) -> bytes:
        files: dict[str, bytes | None] = {
            "profiles/small-meter.yaml": small_profile.encode(),
            "icons/small-meter.png": picture(),
        }
        present = {name: data for name, data in (files | dict(changed or {})).items() if data is not None}
        return zipped({"manifest.yaml": manifest_of(present, **manifest), **present})

    return make


def refused(data: bytes) -> PackageError:
    with pytest.raises(PackageError) as caught:
        read_package(data)
    return caught.value


def test_a_package_gives_its_profiles_and_icons(build: Build) -> None:
    package = read_package(build())

    assert [profile.id for profile in package.profiles] == ["small-meter"]
    assert package.icons == {"small-meter": picture()}
    assert (package.manifest.id, package.manifest.version) == ("small", 1)
    assert signer_of(package) == UNSIGNED


def test_a_package_adds_languages_to_the_texts_of_its_profiles(build: Build, small_profile: str) -> None:
    with_note = small_profile + 'notes: [mind]\ntexts: {en: {mind: "Mind the gap"}}\n'
    files = {"profiles/small-meter.yaml": with_note.encode(), "translations/da.yaml": b"small-meter: {mind: Pas paa}"}

    profile = read_package(build(files)).profiles[0]

    assert profile.text("mind", "da") == "Pas paa"
    assert profile.text("mind", "fr") == "Mind the gap"
    unknown = {**files, "translations/da.yaml": b"small-meter: {minds: Pas paa}"}
    assert refused(build(unknown)).fault is PackageFault.BAD_PROFILE
    twice = {**files, "translations/en.yaml": b"small-meter: {mind: Other}"}
    assert "'en' is given in the profile and in translations/en.yaml" in str(refused(build(twice)))


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"profiles/small-meter.yaml": b"id: small-meter"}, PackageFault.BAD_PROFILE),
        ({"profiles/small-meter.yaml": b"a: &x [1]\nb: *x"}, PackageFault.BAD_PROFILE),
        ({"profiles/small-meter.yaml": b"!!python/object/apply:os.system ['true']"}, PackageFault.BAD_PROFILE),
        ({"profiles/small-meter.yaml": b"id: &a [*a]"}, PackageFault.BAD_PROFILE),
        ({"profiles/small-meter.yaml": b"[" * 5000}, PackageFault.BAD_PROFILE),
        ({"profiles/small-meter.yaml": b"\xff\xfe\xfd"}, PackageFault.BAD_PROFILE),
        ({"profiles/small-meter.yaml": None, "icons/small-meter.png": None}, PackageFault.BAD_MANIFEST),
        ({"profiles/other.yaml": b"id: x"}, PackageFault.BAD_PROFILE),
        ({"icons/small-meter.png": b"<svg onload='alert(1)'/>"}, PackageFault.BAD_ICON),
        ({"icons/other.png": picture()}, PackageFault.BAD_ICON),
        ({"icons/small-meter.svg": b"<svg/>"}, PackageFault.UNKNOWN_FILE),
        ({"profiles/small-meter.py": b"print()"}, PackageFault.UNKNOWN_FILE),
        ({"profiles/../small-meter.yaml": b"id: x"}, PackageFault.UNKNOWN_FILE),
        ({"../../etc/cron.d/job": b"* * * * *"}, PackageFault.UNKNOWN_FILE),
        ({"/etc/passwd": b"x"}, PackageFault.UNKNOWN_FILE),
        ({"profiles\\evil.yaml": b"x"}, PackageFault.UNKNOWN_FILE),
        ({"profiles/Ünsafe.yaml": b"x"}, PackageFault.UNKNOWN_FILE),
        ({"profiles/": b""}, PackageFault.UNSAFE),
        ({"translations/fr.yaml": b"[]"}, PackageFault.BAD_TRANSLATION),
        ({"translations/fr.yaml": b"other: {a: b}"}, PackageFault.BAD_TRANSLATION),
    ],
)
def test_what_no_package_holds_refuses_it_whole(
    build: Build, changed: Mapping[str, bytes | None], fault: PackageFault
) -> None:
    assert refused(build(changed)).fault is fault


@pytest.mark.parametrize(
    ("manifest", "fault"),
    [
        ({"version": 0}, PackageFault.BAD_MANIFEST),
        ({"version": "1"}, PackageFault.BAD_MANIFEST),
        ({"id": "../small"}, PackageFault.BAD_MANIFEST),
        ({"name": ""}, PackageFault.BAD_MANIFEST),
        ({"run": "setup.sh"}, PackageFault.BAD_MANIFEST),
        ({"format": 2, "anything": "new"}, PackageFault.NEWER_FORMAT),
        ({"format": "1"}, PackageFault.BAD_MANIFEST),
        ({"files": {}}, PackageFault.UNKNOWN_FILE),
    ],
)
def test_a_manifest_that_is_not_understood_refuses_the_package(
    build: Build, manifest: Mapping[str, object], fault: PackageFault
) -> None:
    assert refused(build(**manifest)).fault is fault


def test_a_package_without_a_manifest_or_no_zip_at_all_is_none(build: Build, small_profile: str) -> None:
    without = zipped({"profiles/small-meter.yaml": small_profile.encode()})

    assert refused(without).fault is PackageFault.NO_PACKAGE
    assert refused(b"").fault is PackageFault.NO_PACKAGE
    assert refused(small_profile.encode()).fault is PackageFault.NO_PACKAGE
    assert refused(b"#!/bin/sh\n" + build()).fault is PackageFault.NO_PACKAGE
    assert "choose the right .hes file" in str(refused(b"MZ"))


def test_a_file_that_the_manifest_does_not_name_or_that_was_changed_is_noticed(small_profile: str) -> None:
    profile = {"profiles/small-meter.yaml": small_profile.encode()}
    manifest = {"manifest.yaml": manifest_of(profile)}
    changed = {"profiles/small-meter.yaml": small_profile.replace("Small", "Smell", 1).encode()}

    assert refused(zipped(manifest | changed)).fault is PackageFault.WRONG_CHECK_SUM
    assert refused(zipped(manifest)).fault is PackageFault.MISSING_FILE
    assert refused(zipped(manifest | profile | {"icons/a.png": picture()})).fault is PackageFault.UNKNOWN_FILE


def test_every_damaged_byte_is_noticed(build: Build) -> None:
    whole = build()
    package = read_package(whole)

    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 0x20
        try:
            got = read_package(bytes(damaged))
        except PackageError:
            continue
        # Dates and such mean nothing; what is used must be what was packed.
        assert (got.profiles, got.icons, got.manifest) == (package.profiles, package.icons, package.manifest)


def test_a_cut_package_is_refused_at_every_length(build: Build) -> None:
    whole = build()

    for length in range(0, len(whole), 11):
        refused(whole[:length])


def test_what_unpacks_to_gigabytes_is_refused_before_it_is_unpacked(build: Build) -> None:
    bomb = build({"profiles/bomb.yaml": b" " * 300_000})
    many = zipped({f"profiles/p{number}.yaml": b"" for number in range(400)})
    sum_of_many = zipped({f"profiles/p{number}.yaml": b" " * 250_000 for number in range(40)})

    assert refused(bomb).fault is PackageFault.TOO_LARGE
    assert refused(many).fault is PackageFault.TOO_LARGE
    assert refused(sum_of_many).fault is PackageFault.TOO_LARGE
    assert refused(b"PK\x03\x04" + bytes(5_000_000)).fault is PackageFault.TOO_LARGE


def test_an_entry_that_lies_about_its_size_is_refused(build: Build) -> None:
    whole = bytearray(zipped({"manifest.yaml": b" " * 200_000}))
    directory = whole.index(b"PK\x01\x02")
    whole[directory + 24 : directory + 28] = (10).to_bytes(4, "little")  # its size when unpacked

    assert refused(bytes(whole)).fault is PackageFault.NO_PACKAGE


def test_links_locked_files_and_names_given_twice_are_refused(build: Build, small_profile: str) -> None:
    link = zipfile.ZipInfo("profiles/small-meter.yaml")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    memory = io.BytesIO(build({"profiles/small-meter.yaml": None, "icons/small-meter.png": None}))
    with zipfile.ZipFile(memory, "a") as archive:
        archive.writestr(link, "/etc/shadow")

    twice = io.BytesIO(build())
    with zipfile.ZipFile(twice, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("manifest.yaml", b"format: 1")

    locked = bytearray(build())
    for place in (locked.index(b"PK\x03\x04") + 6, locked.index(b"PK\x01\x02") + 8):
        locked[place] |= 1

    assert refused(memory.getvalue()).fault is PackageFault.UNSAFE
    assert refused(twice.getvalue()).fault is PackageFault.UNSAFE
    assert refused(bytes(locked)).fault is PackageFault.UNSAFE
    assert refused(zipped({"manifest.yaml": b"format: 1"}, method=zipfile.ZIP_LZMA)).fault is PackageFault.UNSAFE


@pytest.mark.parametrize(
    ("icon", "reason"),
    [
        (picture(extra=text_chunk()), "without metadata"),
        (picture() + b"<script>alert(1)</script>", "behind its end|damaged|cut off"),
        (picture(600, 4), "600 x 4 pixels; at most 512 x 512"),
        (picture(8, 8, rows=bytes(50_000_000)), "more or less than its pixels"),
        (picture(8, 8, rows=b"\0"), "more or less than its pixels"),
        (picture()[:-12], "not those of a picture"),
        (picture()[:40], "damaged|cut off"),
        (picture().replace(b"\x08\x00\x00\x00\x00", b"\x08\x05\x00\x00\x00", 1), "check sum"),
        (b"GIF89a", "no PNG file"),
    ],
)
def test_only_a_small_plain_picture_is_an_icon(build: Build, icon: bytes, reason: str) -> None:
    error = refused(build({"icons/small-meter.png": icon}))

    assert error.fault is PackageFault.BAD_ICON
    assert any(part in str(error) for part in reason.split("|")), str(error)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A key as openssl makes it."""
    path = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(path)], check=True, capture_output=True)
    return path


@pytest.fixture
def folder(tmp_path: Path, small_profile: str) -> Path:
    """What somebody lays out to pack it."""
    root = tmp_path / "small"
    for name in ("profiles", "icons"):
        (root / name).mkdir(parents=True)
    (root / "manifest.yaml").write_text("id: small\nversion: 3\nname: Small meters\nauthor: Meter & Co\n")
    (root / "profiles" / "small-meter.yaml").write_text(small_profile)
    (root / "icons" / "small-meter.png").write_bytes(picture())
    return root


def with_signature_of(package: Package, **changed: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(package.data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["signature.yaml"] = json.dumps(yaml.safe_load(files["signature.yaml"]) | changed).encode()
    return zipped(files)


def test_a_folder_becomes_the_same_package_each_time(folder: Path) -> None:
    package = pack(folder)

    assert pack(folder).data == package.data
    assert package.manifest.author == "Meter & Co"
    assert read_package(package.data).manifest.files.keys() == {"profiles/small-meter.yaml", "icons/small-meter.png"}


def test_a_package_that_was_unpacked_can_be_packed_again(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(pack(folder).data)) as archive:
        archive.extractall(tmp_path / "again")

    assert pack(tmp_path / "again").data == pack(folder).data


def test_a_single_profile_is_packed_under_its_own_name(write_profile: Callable[..., Path]) -> None:
    package = pack(write_profile())

    assert (package.manifest.id, package.manifest.version, package.manifest.name) == ("small-meter", 1, "Small meter")


def test_what_would_be_refused_later_is_not_packed(folder: Path, write_profile: Callable[..., Path]) -> None:
    (folder / "README").write_text("read me")
    with pytest.raises(PackageError, match="README"):
        pack(folder)
    (folder / "README").unlink()
    (folder / "manifest.yaml").write_text("id: small\nversion: 3\n")
    with pytest.raises(PackageError, match="name: Field required"):
        pack(folder)
    (folder / "manifest.yaml").unlink()
    with pytest.raises(PackageError, match="cannot be read"):
        pack(folder)
    with pytest.raises(PackageError, match="did you mean 'kWh'"):
        pack(write_profile("unit: kWh", "unit: kWhh"))


def test_a_signature_is_what_openssl_makes_and_tells_whose_it_is(folder: Path, key_file: Path, tmp_path: Path) -> None:
    package = pack(folder, signer=Signer.of_pem(key_file.read_bytes()))
    assert package.signature is not None
    (tmp_path / "manifest").write_bytes(package.manifest_bytes)
    (tmp_path / "signature").write_bytes(bytes.fromhex(package.signature.signature))
    public = subprocess.run(
        ["openssl", "pkey", "-in", str(key_file), "-pubout", "-outform", "DER"], check=True, capture_output=True
    ).stdout
    verify = ["openssl", "pkeyutl", "-verify", "-rawin", "-inkey", str(key_file)]
    files = ["-in", str(tmp_path / "manifest"), "-sigfile", str(tmp_path / "signature")]
    verified = subprocess.run([*verify, *files], check=False, capture_output=True, text=True)

    assert "Verified Successfully" in verified.stdout
    assert signer_of(read_package(package.data)) == fingerprint(public[-32:])


def test_a_signature_of_something_else_is_no_signature(folder: Path, key_file: Path) -> None:
    package = pack(folder, signer=Signer.of_pem(key_file.read_bytes()))

    for changed in ({"signature": "00" * 64}, {"key": "11" * 32}, {"key": "ff" * 32}):
        with pytest.raises(PackageError) as caught:
            signer_of(read_package(with_signature_of(package, **changed)))
        assert caught.value.fault is PackageFault.BAD_SIGNATURE
    assert refused(with_signature_of(package, signature="zz")).fault is PackageFault.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "another kind than Ed25519"),
        (["-algorithm", "ed25519", "-aes256", "-pass", "pass:secret"], "locked with a passphrase"),
    ],
)
def test_a_key_that_cannot_sign_is_told(tmp_path: Path, options: list[str], reason: str) -> None:
    made = subprocess.run(["openssl", "genpkey", *options], check=True, capture_output=True).stdout

    with pytest.raises(ValueError, match=reason):
        Signer.of_pem(made)
    with pytest.raises(ValueError, match="no private key"):
        Signer.of_pem(b"nothing")
