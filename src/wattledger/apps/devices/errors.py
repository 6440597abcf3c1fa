"""Errors of this app.

plant.PlantError
└── PlantUnreadableError   the configuration cannot be read as a plant
"""

from wattledger.plant import PlantError


class PlantUnreadableError(PlantError):
    """The configuration database is damaged, locked or holds what no plant can; the text says what."""
