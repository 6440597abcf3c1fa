"""The demo building: simulated meters, each a process that speaks real Modbus, and a server that reads them.

Promises that it uses the product from outside, as anybody would: command line, HTTPS, API. Needs the extra `demo`.
"""
