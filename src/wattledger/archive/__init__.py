"""Keeps readings: the interface, and the archive embedded in the engine's process."""
