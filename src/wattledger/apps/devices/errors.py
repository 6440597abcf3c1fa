"""Errors of this app.

PlantUnreadableError   the configuration cannot be read as a plant
"""


class PlantUnreadableError(Exception):
    """The configuration database is damaged, locked or holds what no plant can; the text says what."""
