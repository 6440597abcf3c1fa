"""Acquisition: asks the devices of the applied plant and hands their readings to the archive.

Promises that slots come before live values and energies before everything, that nothing stalls the buses (archive and
journal are written from threads of their own), that a damaged configuration does not stop recording, and that nothing
is dated by a clock in doubt. What others want of it goes through `engine.api`; who only asks loads nothing of the rest,
so this package imports nothing by itself. `service.run_engine` is the engine.
"""
