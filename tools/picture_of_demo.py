"""Draws docs/demo.svg from a running `make demo`."""

import os
import re
from pathlib import Path

from rich.console import Console

from wattledger.demo.client import Api
from wattledger.demo.screen import screen

ADDRESS = "https://127.0.0.1:8888"
DATA = Path("demo-data")
PICTURE = Path("docs/demo.svg")
COLUMNS = 96
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)  # a picture loads nothing from elsewhere


def main() -> None:
    token_file = DATA / "demo-token"
    api = Api(ADDRESS, certificate=DATA / "tls" / "cert.pem", token=token_file.read_text(encoding="ascii"))
    device = api.list("devices")[0]["id"]
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(screen(ADDRESS, token_file, device, api.list(f"devices/{device}/live")))
        drawn = console.export_svg(title="make demo")
    PICTURE.write_text(FONTS.sub("", drawn), encoding="utf-8")


if __name__ == "__main__":
    main()
