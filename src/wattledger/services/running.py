"""`wattledger run`: the data folder locked, prepared and served until somebody stops it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from wattledger.catalog import built_in_profiles
from wattledger.plant import DataFolder
from wattledger.services.errors import ExitCode, ServiceError
from wattledger.services.folder_lock import locked, tell_prepared, unusable
from wattledger.services.forking import fork
from wattledger.services.logs import log_to
from wattledger.services.parent import keep_running
from wattledger.services.port import probe
from wattledger.services.watched import ChildKind, Limits
from wattledger.vault import ensure_vault_key
from wattledger.web.secret import ensure_secret_key
from wattledger.web.terminal import gettext as _

if TYPE_CHECKING:
    from wattledger.fieldbus import Board

log = logging.getLogger(__name__)


def run_server(
    folder: DataFolder,
    *,
    host: str,
    port: int,
    is_setup_mode: bool = False,
    board: Board | None = None,
    limits: Limits | None = None,
) -> int:
    """Serve the data folder at https://host:port until SIGTERM or SIGINT; gives the exit code. Raises ServiceError.

    `board` is what this computer has of inputs and outputs of its own.
    """
    os.umask(0o077)
    with locked(folder) as lock:
        try:
            log_to(folder)
            ensure_secret_key(folder.secret_key)
            ensure_vault_key(folder.vault_key)
        except OSError as error:
            raise unusable(folder, error) from error
        probe(host, port)
        name_data_folder(folder)
        os.environ["WATTLEDGER_SETUP_MODE"] = "1" if is_setup_mode else ""
        # Not before: Django's settings are read on import and need the data folder. Once, for all children to share.
        from wattledger.services import web  # noqa: PLC0415, I001 - sets Django up, which the others rely on
        from wattledger.services import engine, preparation, worker  # noqa: PLC0415

        code = in_a_child("preparation", partial(preparation.prepare, folder))
        if code != ExitCode.OK:
            return code
        tell_prepared(lock)
        built_in_profiles()  # read once, for all children to share
        kinds = [
            ChildKind("engine", partial(engine.main, board=board)),
            ChildKind("web", partial(web.main, host=host, port=port), renewed=True),
            ChildKind("worker", worker.main),
        ]
        code = keep_running(kinds, folder=folder, limits=limits, on_ready=partial(_tell_address, host, port))
        return in_a_child("goodbye", partial(preparation.say_goodbye, folder)) or code


def name_data_folder(folder: DataFolder) -> None:
    """Name the data folder to Django's settings, which must not have been read yet."""
    os.environ["WATTLEDGER_DATA"] = str(folder.root.absolute())
    os.environ["DJANGO_SETTINGS_MODULE"] = "wattledger.web.settings"


def in_a_child(name: str, work: Callable[[], None]) -> int:
    """Do `work` in a short-lived child and wait for it; gives its exit code. A ServiceError is told on stderr."""
    _pid, status = os.waitpid(fork(name, partial(_told, work)), 0)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else int(ExitCode.FAILED)


def tell(error: ServiceError) -> int:
    """The one line that somebody who started us by hand reads; gives the exit code."""
    print(f"wattledger: {error}", file=sys.stderr, flush=True)
    return int(error.exit_code)


def _told(work: Callable[[], None]) -> int:
    try:
        work()
    except ServiceError as error:
        log.error("%s", error)
        return tell(error)
    return int(ExitCode.OK)


def _tell_address(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    address = f"https://{shown}:{port}/"
    log.info("ready at %s", address)
    print(_("Wattledger is ready at {address}").format(address=address), flush=True)
