"""The hotel of the demo as physics: what flows in each circuit at each moment, the same for everybody who asks.

Promises that every quantity is a function of the seed and the time alone, so that the history of thirteen months, the
live meters in their processes and the judge of later figures agree to the last digit; that sub-circuits add up to their
feeders and these, with losses and what nobody meters, to the incomer; and that counters are the exact integral of the
powers. Values are W, var, V, A, Hz, °C, m³/h on a lattice of whole minutes and run straight in between. Knows no
registers and no Modbus.
"""
