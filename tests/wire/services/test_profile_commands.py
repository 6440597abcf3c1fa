"""`wattledger profile` as an electrician uses it: on a file, on a device, on a server."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wattledger.services.cli import main

Profile = Callable[..., subprocess.CompletedProcess[str]]
SHORT_S = 30


@pytest.fixture
def profile(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Profile:
    """Run `wattledger profile …` in the folder of the test."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        code = main(["profile", *words])
        said = capsys.readouterr()
        return subprocess.CompletedProcess(["profile", *words], code, said.out, said.err)

    return run


def rows(output: str) -> dict[str, tuple[str, str, str]]:
    """Value, register and raw registers of each point of the table."""
    lines = output.splitlines()
    header = next(number for number, line in enumerate(lines) if line.startswith("point "))
    unit, register, raw = (lines[header].index(name) for name in ("unit", "register", "raw"))
    return {
        line.split()[0]: (line[len(line.split()[0]) : unit].strip(), line[register:raw].strip(), line[raw:].strip())
        for line in lines[header + 1 :]
        if line
    }


OWN = """\
id: own-meter
version: 1
name: Own meter
family: own
status: official
sources: [{title: "the table", covers: registers}, {title: "a meter in the cellar"}]
variants: {v: {title: "three phases", rollover: 99999}}
products: [{ref: ECR380D, variant: v, match: {product_code: ECR380D}}]
transport: {rtu: {baud: [9600, 19200], parity: E}, tcp: {port: 502}}
defaults: {nan: {u16: 0xFFFF, u32: 0xFFFFFFFF}}
identify:
  - {kind: register, addr: 0x1000, words: 16, type: str, into: vendor, equals: Hager}
  - {kind: register, addr: 0x1010, words: 16, type: str, into: product_code}
blocks: [{start: 0xB000, words: 49}, {start: 0xB060, words: 12}, {start: 0xB0B1, words: 1}]
points:
  - {name: voltage.l1-n, addr: 0xB000, type: u16, scale: 0.01, unit: V, recorded: true}
  - {name: frequency, addr: 0xB006, type: u16, scale: 0.01, unit: Hz}
  - {name: active_energy.import.total, addr: 0xB060, type: u32, unit: kWh}
  - {name: active_tariff, addr: 0xB0B1, type: u16, values: {2: peak}}
parameters:
  - {name: ratio, addr: 0xB003, type: u16, unit: A, text: ratio}
  - {name: network, addr: 0xB0B1, type: u16, text: network, values: {2: network.3n}}
  - {name: hidden, addr: 0x9000, type: u16, text: network}
alarms:
  - {name: reversed, addr: 0xB0B1, type: bits, bit: 1, severity: warning, text: reversed, args: {phase: L1}}
texts:
  en: {ratio: Primary, network: Network, network.3n: three phases, reversed: "Phase {phase} reversed", peak: peak}
  fr: {ratio: Courant, network: Reseau, network.3n: triphase, reversed: "Phase {phase} inversee", peak: pointe}
  de: {ratio: Strom, network: Netz, network.3n: drei Phasen, reversed: "Phase {phase} verkehrt", peak: Spitze}
  nl: {ratio: Stroom, network: Net, network.3n: drie fasen, reversed: "Fase {phase} omgekeerd", peak: piek}
tests: [{product: ECR380D, source: 1, at: 0xB006, raw: [4999], expect: {frequency: 49.99}}]
"""


def own_profile(tmp_path: Path, *changes: tuple[str, str], name: str = "own-meter.yaml") -> Path:
    """A profile of some of the meter's registers, with pieces of it replaced."""
    text = OWN
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / name).write_text(text)
    return tmp_path / name


def on_server(*words: str) -> subprocess.CompletedProcess[str]:
    """The same as a process of its own, as what changes a server sets Django up for its data folder."""
    command = [sys.executable, "-m", "wattledger.services.cli", "profile", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=SHORT_S, check=False)


def test_a_device_is_identified_and_every_value_shown_with_its_register(profile: Profile, ecr380d: Any) -> None:
    ecr380d.tell("freeze on")
    ecr380d.tell("set 0xB000 23012")
    ecr380d.tell("set 0xB011 0xFFFFFF88")
    ecr380d.tell("set 0xB017 0x7FFF")
    ecr380d.tell("refuse 0xB0B1 2")

    done = profile("try", "hager-ecr", "--host", ecr380d.host, "--port", str(ecr380d.port), "--unit", "1")

    shown = rows(done.stdout)
    assert done.returncode == 0
    assert re.search(r"product +ECR380D$", done.stdout, re.MULTILINE)
    assert "It is what the profile describes." in done.stdout
    assert shown["voltage.l1-n"] == ("230.12", "45056", "59E4")
    assert shown["active_power.total"] == ("-1200", "45073", "FFFF FF88")
    assert shown["power_factor.total"] == ("not available", "45079", "7FFF")
    assert shown["active_tariff"] == ("refused by the device (exception 2)", "45233", "")
    assert len(shown) > 90


def test_a_device_on_a_serial_line_is_read_by_a_file_of_ones_own(
    profile: Profile, serial_line: Any, ecr380d: Any, tmp_path: Path
) -> None:
    own = own_profile(tmp_path)
    ecr380d.tell("freeze on")
    ecr380d.tell("set 0xB006 4999")

    done = profile("try", str(own), "--serial", serial_line.device_file, "--unit", "1", "--timeout", "2")

    assert (done.returncode, done.stderr) == (0, "")
    assert rows(done.stdout)["frequency"] == ("49.99", "45062", "1387")


def test_a_port_that_is_not_there_and_a_unit_that_is_silent_are_told_in_words(
    profile: Profile, ecr380d: Any, tmp_path: Path
) -> None:
    ecr380d.tell("silent on")
    address = ["--host", ecr380d.host, "--port", str(ecr380d.port), "--unit", "1", "--timeout", "0.1"]

    silent = profile("try", "hager-ecr", *address)
    no_adapter = profile("try", "hager-ecr", "--serial", str(tmp_path / "ttyUSB9"), "--unit", "1")

    assert (silent.returncode, no_adapter.returncode) == (1, 1)
    assert "Check the Modbus address that is set on the device." in silent.stdout
    assert "Check that the adapter of the serial line is plugged in" in no_adapter.stdout
    assert "No such file or directory" in no_adapter.stdout


def test_another_product_or_make_is_told_and_read_nevertheless(profile: Profile, ecr380d: Any, tmp_path: Path) -> None:
    own = own_profile(tmp_path, ("equals: Hager", "equals: Other"))
    address = ["--host", ecr380d.host, "--port", str(ecr380d.port), "--unit", "1"]

    other_product = profile("try", "hager-ecr", *address, "--product", "ECR140D")
    other_make = profile("try", str(own), *address, "--product", "ECR380D")

    assert (other_product.returncode, other_make.returncode) == (1, 1)
    assert "Another product answers at this address." in other_product.stdout
    assert "Read as ECR140D:" in other_product.stdout
    assert "Choose the profile that fits it." in other_make.stdout
    assert rows(other_make.stdout)["frequency"][1] == "45062"


def test_settings_alarms_and_states_are_shown_in_words(profile: Profile, ecr380d: Any, tmp_path: Path) -> None:
    own = own_profile(tmp_path)
    ecr380d.tell("freeze on")
    ecr380d.tell("set 0xB0B1 2")
    ecr380d.tell("set 0xB003 5")

    done = profile("try", str(own), "--host", ecr380d.host, "--port", str(ecr380d.port), "--unit", "1")

    lines = [re.sub(r" +", " ", line) for line in done.stdout.splitlines()]
    assert "active_tariff peak (2) 45233 0002" in lines
    assert "Primary 5 A 45059" in lines
    assert "Network three phases (2) 45233" in lines
    assert "Network refused by the device (exception 2) 36864" in lines
    assert "Phase L1 reversed raised 45233.1" in lines


def test_watching_reads_again_until_ctrl_c_and_leaves_without_a_trace(ecr380d: Any) -> None:
    words = [
        "profile",
        "try",
        "hager-ecr",
        "--host",
        ecr380d.host,
        "--port",
        str(ecr380d.port),
        "--unit",
        "1",
        "--watch",
    ]
    environment = os.environ | {"LANGUAGE": "de", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "wattledger.services.cli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as watching:
        assert watching.stdout is not None
        seen = 0
        while seen < 2:
            line = watching.stdout.readline()
            assert line, watching.communicate(timeout=SHORT_S)
            seen += line.startswith("frequency")
        watching.send_signal(signal.SIGINT)
        _out, error = watching.communicate(timeout=SHORT_S)

    assert (watching.returncode, error) == (130, "")


def test_what_cannot_be_tried_is_one_line(profile: Profile) -> None:
    address = ["--host", "127.0.0.1", "--unit", "1"]

    for words, reason in (
        (["try", "hager", *address], "no profile 'hager'; there are "),
        (["try", "missing.yaml", *address], "missing.yaml: cannot be read"),
        (["try", "local-inputs", *address], "it is wired to the server itself"),
        (["try", "hager-ecr", *address, "--product", "ECR1"], "with --product: ECR140D, "),
        (["try", "hager-ecr", "--serial", "x", "--unit", "1", "--baud", "300"], "speed 300: one of 1200"),
    ):
        done = profile(*words)
        assert (done.returncode, done.stdout) == (1, "")
        assert reason in done.stderr
        assert done.stderr.count("\n") == 1


def test_files_are_checked_with_place_and_remedy(profile: Profile, tmp_path: Path) -> None:
    own_profile(tmp_path)
    own_profile(tmp_path, ("scale: 0.01, unit: V", "scale: 0.0001, unit: V"), ("49.99}", "49.98}"), name="slips.yaml")
    own_profile(tmp_path, ("unit: kWh", "unit: kWhh"), name="broken.yaml")

    sound = profile("check", "own-meter.yaml")
    found = profile("check", "slips.yaml", "broken.yaml", "missing.hes")

    assert (sound.returncode, sound.stdout) == (
        0,
        "own-meter.yaml: no findings: profile own-meter, version 1, 1 products, 1 test vectors\n",
    )
    highest = "slips.yaml: point 'voltage.l1-n': the highest value of a u16 is 6.5535 V"
    assert found.returncode == 1
    assert found.stdout.splitlines() == [
        "slips.yaml: test vector 1: 'frequency' reads as 49.99, not as 49.98",
        f"{highest}; look at its scale, type and unit [scale]",
        "broken.yaml: point 'active_energy.import.total': unknown unit 'kWhh'; did you mean 'kWh'?",
        "missing.hes: The file cannot be read: missing.hes: No such file or directory",
    ]


def test_a_built_in_profile_is_copied_under_a_name_of_its_own(profile: Profile, tmp_path: Path) -> None:
    copied = profile("copy", "hager-ecr", "my-meter.yaml")
    again = profile("copy", "hager-ecr", "my-meter.yaml")
    taken = profile("copy", "hager-ecr", "local-inputs.yaml")

    text = (tmp_path / "my-meter.yaml").read_text()
    assert (copied.returncode, again.returncode, taken.returncode) == (0, 1, 1)
    assert text.startswith("# yaml-language-server: $schema=profile.schema.json\n")
    assert re.search(r"^id: my-meter\nversion: 1$", text, re.MULTILINE)
    assert profile("check", "my-meter.yaml").returncode == 0


def test_a_package_is_installed_on_a_running_server_used_and_removed(
    profile: Profile, run: Any, port: int, tmp_path: Path, look: Any
) -> None:
    server = run(port=port)
    data = ["--data", str(server.data)]
    own_profile(tmp_path)
    key = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", "key.pem"]
    subprocess.run(key, cwd=tmp_path, check=True, capture_output=True)
    packed = profile("pack", "own-meter.yaml", "own.hes", "--sign", "key.pem")
    fingerprint = packed.stdout.strip().rpartition(" ")[2]
    server.until_ready()

    installed = on_server("install", str(tmp_path / "own.hes"), *data)
    unsigned = on_server("install", str(tmp_path / "own-meter.yaml"), *data)
    listed = profile("list", *data)
    shown = profile("show", "own-meter", *data)
    events = server.events("configuration_changed")
    removed = on_server("remove", "own-meter", *data)

    assert re.fullmatch("[0-9A-F]{4}(:[0-9A-F]{4}){7}", fingerprint)
    assert f"Installed package own-meter, version 1, signed with the key {fingerprint}." in installed.stdout
    assert "is installed already, with other content. To install it nevertheless: --force" in unsigned.stderr
    assert re.search(r"^own-meter +1  official +1  own-meter\.hes ", listed.stdout, re.MULTILINE)
    assert fingerprint in listed.stdout
    assert "| voltage.l1-n " in shown.stdout
    assert [event.params["what"] for event in events] == ["profiles"]
    assert (removed.returncode, removed.stdout) == (0, "Removed package own-meter.\n")


def test_the_schema_is_printed_as_json(profile: Profile) -> None:
    assert "points" in json.loads(profile("schema").stdout)["properties"]
