"""What stands around the API: the data folder, the journal, the engine and the vault of this server."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from wattledger.engine.api import EngineClient
from wattledger.journal import Journal
from wattledger.plant import DataFolder
from wattledger.vault import Vault

SOURCE = "web"  # what the journal names as the origin of an entry


def data_folder() -> DataFolder:
    """The folder that holds everything of this server."""
    folder = settings.DATA_FOLDER
    if not isinstance(folder, DataFolder):
        raise ImproperlyConfigured("WATTLEDGER_DATA names no data folder")
    return folder


def journal() -> Journal:
    """The server's events and jobs; one per process, safe after a fork and between threads."""
    return _journal(data_folder().journal)


def engine() -> EngineClient:
    """Asks the engine of this server; whether it runs shows when it is asked."""
    return EngineClient(data_folder().engine_socket, timeout_s=settings.CONTROL_TIMEOUT_S)


def vault() -> Vault:
    """Seals the secrets of this server."""
    return Vault(data_folder().vault_key)


@lru_cache(maxsize=4)
def _journal(path: Path) -> Journal:
    return Journal(path)
