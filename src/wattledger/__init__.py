"""Wattledger: the energy server of a building."""
