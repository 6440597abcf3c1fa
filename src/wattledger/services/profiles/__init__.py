"""`wattledger profile`: what who writes, tries and shares profiles of devices does from a terminal.

Promises one line for whatever goes wrong, with place and remedy. Loads the catalog and the field bus only when a
command needs them, so that the others start at once.
"""
