"""The words of `wattledger profile` and what each of them starts."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from wattledger.services.errors import ExitCode
from wattledger.web.terminal import gettext as _

if TYPE_CHECKING:
    Parsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - what argparse gives has no other name

UNIT_IDS = range(256)
OpenFolder = Callable[[Path], object]


def add_profile_commands(commands: Parsers, *, open_folder: OpenFolder) -> None:
    """Add `profile` and its words; `open_folder` makes the data folder of a server known, or raises ServiceError."""
    profile = commands.add_parser("profile", help=_("write, check, try and share profiles of devices"))
    words = profile.add_subparsers(required=True, metavar="COMMAND")
    _add_reading(words)
    _add_try(words)
    _add_packages(words, open_folder)


def _add_reading(words: Parsers) -> None:
    check = words.add_parser("check", help=_("look through profiles or packages and say what should be otherwise"))
    check.add_argument("files", type=Path, nargs="+", metavar="FILE", help=_("a profile (.yaml) or a package (.hes)"))
    check.set_defaults(command=_check)

    listing = words.add_parser("list", help=_("list the profiles of the catalog"))
    _add_own(listing)
    listing.set_defaults(command=_list)

    show = words.add_parser("show", help=_("show all that a profile says"))
    _add_profile(show)
    show.set_defaults(command=_show)

    copy = words.add_parser("copy", help=_("begin a profile of your own from one of the catalog"))
    copy.add_argument("profile", metavar="ID", help=_("of a profile of the catalog"))
    copy.add_argument("file", type=Path, metavar="FILE", help=_("the new file; its name becomes the new id"))
    _add_own(copy)
    copy.set_defaults(command=_copy)

    schema = words.add_parser("schema", help=_("print the JSON Schema of profiles, for editors"))
    schema.set_defaults(command=_schema)


def _add_try(words: Parsers) -> None:
    trial = words.add_parser("try", help=_("read a device by a profile and show every value"))
    _add_profile(trial)
    where = trial.add_mutually_exclusive_group(required=True)
    where.add_argument("--host", help=_("of the device or of the gateway to it"))
    where.add_argument("--serial", metavar="DEVICE", help=_("the device file of a serial line, such as /dev/ttyUSB0"))
    trial.add_argument("--port", type=int, help=_("TCP port; else that of the profile"))
    trial.add_argument("--baud", type=int, help=_("speed of the line; else that of the profile"))
    trial.add_argument("--parity", type=_parity, metavar="N|E|O", help=_("else that of the profile"))
    trial.add_argument("--stop", type=int, choices=(1, 2), help=_("stop bits; else those of the profile"))
    trial.add_argument("--unit", type=_unit_id, required=True, metavar="N", help=_("the Modbus address of the device"))
    trial.add_argument("--product", metavar="REF", help=_("which product it is; else what the device says"))
    trial.add_argument("--timeout", type=_seconds, default=1.0, metavar="S", help=_("seconds to wait (%(default)s)"))
    trial.add_argument("--watch", action="store_true", help=_("read again every second, until Ctrl-C"))
    trial.set_defaults(command=_try)


def _add_packages(words: Parsers, open_folder: OpenFolder) -> None:
    pack = words.add_parser("pack", help=_("make a package of a folder or of one profile"))
    pack.add_argument("source", type=Path, metavar="FOLDER|FILE")
    pack.add_argument("package", type=Path, metavar="OUT.hes")
    pack.add_argument("--sign", type=Path, metavar="KEY", help=_("with this Ed25519 key, a PEM file"))
    pack.set_defaults(command=_pack)

    install = words.add_parser("install", help=_("install a package, or a single profile, on a server"))
    install.add_argument("package", type=Path, metavar="FILE", help=_("a profile (.yaml) or a package (.hes)"))
    install.add_argument(
        "--force", action="store_true", help=_("also an older or another same version, or one of another signer")
    )
    _add_data(install)
    install.set_defaults(command=_install, open_folder=open_folder)

    remove = words.add_parser("remove", help=_("remove a package from a server"))
    remove.add_argument("package", metavar="ID", help=_("as in the list of profiles"))
    _add_data(remove)
    remove.set_defaults(command=_remove, open_folder=open_folder)


def _add_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("profile", metavar="FILE|ID", help=_("a file, or the id of a profile of the catalog"))
    _add_own(parser)


def _add_own(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, metavar="DIR", help=_("a data folder, for the profiles that it has too"))


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help=_("the data folder"))


def _check(given: argparse.Namespace) -> ExitCode:
    from wattledger.services.profiles.checking import check_files  # noqa: PLC0415 - as the package says

    return check_files(given.files)


def _list(given: argparse.Namespace) -> ExitCode:
    from wattledger.services.profiles.listing import list_profiles  # noqa: PLC0415 - as the package says

    return list_profiles(given.data)


def _show(given: argparse.Namespace) -> ExitCode:
    from wattledger.services.profiles.chosen import chosen_profile  # noqa: PLC0415 - as the package says
    from wattledger.services.profiles.page import section  # noqa: PLC0415

    print(section(chosen_profile(given.profile, given.data)))
    return ExitCode.OK


def _copy(given: argparse.Namespace) -> ExitCode:
    from wattledger.services.profiles.copying import copy_profile  # noqa: PLC0415 - as the package says

    return copy_profile(given.profile, given.file, data=given.data)


def _schema(_given: argparse.Namespace) -> ExitCode:
    from wattledger.catalog.editor_schema import schema_text  # noqa: PLC0415 - as the package says

    print(schema_text(), end="")
    return ExitCode.OK


def _try(given: argparse.Namespace) -> ExitCode:
    from wattledger.services.profiles.chosen import chosen_profile  # noqa: PLC0415 - as the package says
    from wattledger.services.profiles.trial import Place, try_profile  # noqa: PLC0415

    place = Place(given.host, given.port, given.serial, given.baud, given.parity, given.stop, given.timeout)
    profile = chosen_profile(given.profile, given.data)
    return try_profile(profile, place, unit_id=given.unit, product_ref=given.product, watches=given.watch)


def _pack(given: argparse.Namespace) -> ExitCode:
    from wattledger.services.profiles.packages import pack_profiles  # noqa: PLC0415 - as the package says

    return pack_profiles(given.source, given.package, key_file=given.sign)


def _install(given: argparse.Namespace) -> ExitCode:
    given.open_folder(given.data)
    from wattledger.services.profiles.installation import install_file  # noqa: PLC0415 - needs the data folder named

    return install_file(given.package, is_forced=given.force)


def _remove(given: argparse.Namespace) -> ExitCode:
    given.open_folder(given.data)
    from wattledger.services.profiles.installation import remove_installed  # noqa: PLC0415 - needs the data folder named

    return remove_installed(given.package)


def _unit_id(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) not in UNIT_IDS:
        raise argparse.ArgumentTypeError(_("a Modbus address is a number from 0 to 255"))
    return int(text)


def _parity(text: str) -> str:
    if text.upper() not in ("N", "E", "O"):
        raise argparse.ArgumentTypeError(_("parity is N (none), E (even) or O (odd)"))
    return text.upper()


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 60:
        raise argparse.ArgumentTypeError(_("a time to wait is above 0 and at most 60 seconds"))
    return seconds
