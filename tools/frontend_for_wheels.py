"""Builds what browsers load when a wheel is built from the sources; hatchling calls it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = Path("src/wattledger/web/static/staticfiles.json")


class FrontendHook(BuildHookInterface):
    """Leaves editable installs alone: `make setup` builds for them, and again when the sources change."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Install the packages of the lock file and build."""
        if version == "editable":
            return
        npm = [sys.executable, str(Path(self.root) / "tools" / "npm")]
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        folder = Path(self.root) / "frontend"
        for arguments in (["ci", "--omit=dev", *quiet], ["run", "build", "--silent"]):
            subprocess.run([*npm, *arguments], cwd=folder, env=dict(os.environ), check=True)
        if not (Path(self.root) / BUILT).is_file():
            raise FileNotFoundError(f"{BUILT}: the build left no manifest")
