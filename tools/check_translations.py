"""Fails when a catalog of the complete languages misses a text, doubts one, or loses a placeholder."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

LOCALES = Path("src/wattledger/web/locale")
COMPLETE = ("fr", "de", "nl")  # English is the source
PLACEHOLDER = re.compile(r"%\([a-z_0-9]+\)[sd]|\{[a-z_0-9]*\}")


def in_the_code() -> Catalog:
    """The texts that the code asks for now."""
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "django.pot"
        extract = [
            sys.executable,
            "-m",
            "babel.messages.frontend",
            "--quiet",
            "extract",
            "--mapping-file",
            "tools/babel.cfg",
        ]
        keywords = ["--keywords", "gettext_lazy", "--keywords", "pgettext_lazy:1c,2"]
        subprocess.run([*extract, *keywords, "--output", str(template), "src/wattledger"], check=True)
        with template.open("rb") as file:
            return read_po(file)


def faults(language: str, wanted: Catalog) -> list[str]:
    """What is wrong with the catalog of one language."""
    with (LOCALES / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        have = read_po(file, locale=language)
    found = []
    for message in wanted:
        if not message.id:
            continue
        text = have.get(message.id, message.context)
        source = message.id if isinstance(message.id, str) else message.id[-1]
        forms = [] if text is None else ([text.string] if isinstance(text.string, str) else list(text.string))
        if text is None or not all(forms):
            found.append(f"{language}: not translated: {source!r}")
        elif text.fuzzy:
            found.append(f"{language}: in doubt (fuzzy): {source!r}")
        elif any(sorted(PLACEHOLDER.findall(form)) != sorted(PLACEHOLDER.findall(source)) for form in forms):
            found.append(f"{language}: other placeholders than in {source!r}")
    return found


def main() -> int:
    wanted = in_the_code()
    found = [fault for language in COMPLETE for fault in faults(language, wanted)]
    print("\n".join(found) or f"translations: {len(wanted)} texts complete in {', '.join(COMPLETE)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
