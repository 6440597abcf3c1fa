"""How the server does: health, state of the engine, jobs."""
