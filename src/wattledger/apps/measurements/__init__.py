"""Readings and live values, handed out to programs."""
