"""How texts that are translated elsewhere are marked for the translators."""


def gettext_noop(text: str) -> str:
    """The text as it is. Django's own reads the settings, which commands without a data folder do not have."""
    return text
