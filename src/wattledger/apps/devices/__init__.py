"""Buses, devices and what they measure, with their recording intervals, and the plant that is made of them."""
