"""Where everything lies in the data folder of one server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The paths below one data folder; it holds everything that a server keeps, and nothing else does."""

    root: Path

    @property
    def configuration(self) -> Path:
        """The configuration database, written through Django only."""
        return self.root / "config.sqlite3"

    @property
    def journal(self) -> Path:
        """Events and jobs."""
        return self.root / "journal.sqlite3"

    @property
    def archive(self) -> Path:
        """The folder of the readings, written by the engine only."""
        return self.root / "archive"

    @property
    def last_plant(self) -> Path:
        """The plant that the engine applied last; it stands in when the configuration cannot be read."""
        return self.archive / "last_plant.json"

    @property
    def pulse_counts(self) -> Path:
        """The counts of the server's own pulse inputs, written by the engine only."""
        return self.root / "pulse-counts"

    @property
    def run(self) -> Path:
        """What lives only as long as the server runs: sockets."""
        return self.root / "run"

    @property
    def engine_socket(self) -> Path:
        """Where the engine's control API listens."""
        return self.run / "engine.sock"

    @property
    def tls(self) -> Path:
        """Certificate and key of the web server."""
        return self.root / "tls"

    @property
    def certificate(self) -> Path:
        """The certificate that the web server shows."""
        return self.tls / "cert.pem"

    @property
    def certificate_key(self) -> Path:
        """Its private key, readable by the server alone."""
        return self.tls / "key.pem"

    @property
    def snapshots(self) -> Path:
        """Daily verified copies of the configuration and the journal."""
        return self.root / "snapshots"

    @property
    def logs(self) -> Path:
        """The log, where neither a terminal nor the system's journal takes it."""
        return self.root / "logs"

    @property
    def secret_key(self) -> Path:
        """What signs cookies; made once, readable by the server alone."""
        return self.root / "secret.key"

    @property
    def vault_key(self) -> Path:
        """What secrets of the configuration are sealed with; made once, readable by the server alone."""
        return self.root / "vault.key"

    @property
    def profiles(self) -> Path:
        """Device profiles that the user added to those built in."""
        return self.root / "profiles"

    @property
    def lock(self) -> Path:
        """Held by the one server that runs on this folder."""
        return self.root / "lock"
