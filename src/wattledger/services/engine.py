"""The engine as a child: gives it the configuration that Django keeps, which it does not know of."""

from __future__ import annotations

import asyncio

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connection

from wattledger.apps.building.models import Revision
from wattledger.apps.devices.errors import PlantUnreadableError
from wattledger.apps.devices.plant import load_plant
from wattledger.engine.service import EngineSettings, run_engine
from wattledger.fieldbus import Board
from wattledger.plant import Plant, PlantError
from wattledger.services.anchor import anchored
from wattledger.services.child import Child, run_loop


def main(child: Child, *, board: Board | None = None) -> int:
    """Acquire and record until SIGTERM; `board` is what this computer has of inputs and outputs of its own."""

    async def acquire(stop: asyncio.Event) -> None:
        settings = EngineSettings(child.folder, board=board)
        await run_engine(settings, plants=SavedConfiguration(), heartbeat=child.beat, stop=stop)

    with anchored(child.folder.configuration):
        return run_loop(acquire)


class SavedConfiguration:
    """The configuration database as the engine's source of plants; leaves no connection open."""

    def revision(self) -> int:
        """The revision of the saved configuration. Raises PlantError."""
        try:
            return Revision.objects.get().number
        except (DatabaseError, ObjectDoesNotExist) as error:
            raise PlantError(f"{connection.settings_dict['NAME']}: {error}") from error
        finally:
            connection.close()

    def load(self) -> Plant:
        """The saved configuration. Raises PlantError."""
        try:
            return load_plant()
        except (PlantUnreadableError, ObjectDoesNotExist) as error:
            raise PlantError(str(error)) from error
        finally:
            connection.close()
