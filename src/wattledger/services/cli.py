"""The command line.

Exit codes: 0 well; 1 failed, or the check found something; 2 wrong usage; 3 another server uses the data folder;
4 the port is in use; 5 the data folder cannot be used (no space, no rights, read-only); 130 interrupted by Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from wattledger.measure import Aggregate
from wattledger.plant import DataFolder
from wattledger.services.errors import CommandRefusedError, FolderUnusableError, ServiceError
from wattledger.services.folder_lock import has_run, wait_while_starting
from wattledger.services.profiles.commands import add_profile_commands
from wattledger.services.running import name_data_folder, run_server, tell
from wattledger.web.terminal import gettext as _

if TYPE_CHECKING:
    from wattledger.fieldbus import Board

DEFAULT_HOST = "127.0.0.1"  # by hand: for this computer only; an installed service says otherwise
DEFAULT_PORT = 8888
BESIDE_A_SERVER = 10  # niceness of what takes long and must not slow one down
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; gives the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words[:1] == ["demo"]:  # has options of its own
            return _demo(words[1:])
        given = _parser().parse_args(words)
        command: Callable[[argparse.Namespace], int] = given.command
        return int(command(given))
    except ServiceError as error:
        return tell(error)
    except KeyboardInterrupt:  # before there is a server that would stop in good order
        return INTERRUPTED
    except BrokenPipeError:  # who read our output has enough; nothing is left to flush into it at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(given: argparse.Namespace) -> int:
    board = _board(given.board) if given.board else None
    folder = DataFolder(given.data)
    return run_server(folder, host=given.host, port=given.port, is_setup_mode=given.setup_mode, board=board)


def _board(path: Path) -> Board:
    from wattledger.fieldbus import BoardError, load_board  # noqa: PLC0415 - half a second that other commands save

    try:
        return load_board(path)
    except BoardError as error:
        raise CommandRefusedError(_("The board file cannot be used: {reason}").format(reason=error)) from error


def _token_create(given: argparse.Namespace) -> int:
    folder = _existing(given.data)
    from wattledger.services.local_tokens import print_new_token  # noqa: PLC0415 - needs the data folder named

    return print_new_token(folder, given.user, name=given.name)


def _check(given: argparse.Namespace) -> int:
    from wattledger.services.checking import check  # noqa: PLC0415 - numpy, which no other command needs at once

    folder = DataFolder(given.data)
    wait_while_starting(folder)
    if not given.data.is_dir():
        raise FolderUnusableError(_("There is no data folder {folder}.").format(folder=given.data))
    return check(folder)


def _export(given: argparse.Namespace) -> int:
    folder = _existing(given.data)
    from wattledger.services.exporting import Wanted, export  # noqa: PLC0415 - needs the data folder named

    wanted = Wanted(given.device, given.point, given.channel, given.how, given.start, given.end)
    return export(folder, wanted)


def _archive_export(given: argparse.Namespace) -> int:
    folder = _existing(given.data)
    from wattledger.services.archive_exporting import Chosen, export_archive  # noqa: PLC0415 - as above

    os.nice(BESIDE_A_SERVER)
    return export_archive(folder, given.file, Chosen(given.series, given.device, given.start, given.end))


def _archive_import(given: argparse.Namespace) -> int:
    folder = _existing(given.data)
    from wattledger.services.archive_importing import import_archive  # noqa: PLC0415 - as above

    os.nice(BESIDE_A_SERVER)
    return import_archive(folder, given.file, words=given.map, dry_run=given.dry_run)


def _demo(words: Sequence[str]) -> int:
    try:
        from wattledger.demo.run import main as demo  # noqa: PLC0415 - an extra that not everybody installs
    except ModuleNotFoundError as error:
        text = _("The demonstration needs {module}, which is not installed: pip install 'wattledger[demo]'")
        raise CommandRefusedError(text.format(module=error.name)) from error
    return demo(words)


def _existing(path: Path) -> DataFolder:
    """A data folder on which a server has run, named to Django; one that is starting there is waited for."""
    folder = DataFolder(path)
    wait_while_starting(folder)
    if not has_run(folder):
        text = _(
            "No server has run on the data folder {folder} yet. Start it once with: wattledger run --data {folder}"
        )
        raise FolderUnusableError(text.format(folder=path))
    name_data_folder(folder)
    import django  # noqa: PLC0415 - only now do its settings find the data folder

    django.setup()
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wattledger",
        description=_("The energy server of a building."),
        epilog=_(
            "Exit codes: 0 well; 1 failed, or the check found something; 2 wrong usage; 3 another server uses the data"
            " folder; 4 the port is in use; 5 the data folder cannot be used."
        ),
    )
    parser.add_argument("--version", action="version", version=f"wattledger {version('wattledger')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help=_("serve a data folder"))
    _add_data(run)
    run.add_argument("--host", default=DEFAULT_HOST, help=_("address to listen at (%(default)s)"))
    run.add_argument("--port", type=_port, default=DEFAULT_PORT, help=_("port to listen at (%(default)s)"))
    run.add_argument("--setup-mode", action="store_true", help=_("allow what is reserved for the first set-up"))
    run.add_argument(
        "--board", type=Path, metavar="FILE", help=_("which inputs and outputs this computer has; without it none")
    )
    run.set_defaults(command=_run)

    token = commands.add_parser("token", help=_("access tokens of programs"))
    token_commands = token.add_subparsers(required=True, metavar="COMMAND")
    create = token_commands.add_parser("create", help=_("make a token and print it as the last line"))
    create.add_argument("user", metavar="USER")
    create.add_argument("--name", default="command line", help=_("what lists call it (%(default)s)"))
    _add_data(create)
    create.set_defaults(command=_token_create)

    check = commands.add_parser("check", help=_("look through a data folder without changing it"))
    _add_data(check)
    check.set_defaults(command=_check)

    export = commands.add_parser("export", help=_("print recorded readings as CSV"))
    _add_data(export)
    export.add_argument("--device", required=True, metavar="NAME")
    export.add_argument("--point", required=True, help=_("such as active_power.total"))
    export.add_argument("--channel", type=int, default=1, help=_("of a device with several (%(default)s)"))
    export.add_argument("--how", type=Aggregate, choices=list(Aggregate), help=_("which recorded value of a slot"))
    export.add_argument("--start", type=_time, required=True, help=_("ISO 8601; without an offset it is UTC"))
    export.add_argument("--end", type=_time, required=True, help=_("ISO 8601, itself not included"))
    export.set_defaults(command=_export)

    add_profile_commands(commands, open_folder=_existing)
    _add_archive(commands.add_parser("archive", help=_("recorded readings from one server to another")))

    commands.add_parser("demo", help=_("try it out with simulated meters"), add_help=False)
    return parser


def _add_archive(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    export = commands.add_parser("export", help=_("put readings into a file, with where they come from"))
    export.add_argument("file", type=Path, metavar="FILE", help=_("which must not exist yet"))
    _add_data(export)
    export.add_argument(
        "--series", action="append", default=[], metavar="ID", help=_("such as s12; may be repeated; all without it")
    )
    export.add_argument(
        "--device", action="append", default=[], metavar="NAME", help=_("all series of it; may be repeated")
    )
    export.add_argument("--from", dest="start", type=_time, help=_("ISO 8601; without an offset it is UTC"))
    export.add_argument("--to", dest="end", type=_time, help=_("ISO 8601, itself not included"))
    export.set_defaults(command=_archive_export)

    taken = commands.add_parser("import", help=_("take in what such a file holds, as far as it is missing"))
    taken.add_argument("file", type=Path, metavar="FILE")
    _add_data(taken)
    taken.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="THERE=HERE",
        help=_("whose readings they are, as s3=s17 or DEVICE=DEVICE; needed for those of another server"),
    )
    taken.add_argument("--dry-run", action="store_true", help=_("only look through the file and say what would happen"))
    taken.set_defaults(command=_archive_import)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help=_("the data folder"))


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError(_("a port is a number from 1 to 65535"))
    return port


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
