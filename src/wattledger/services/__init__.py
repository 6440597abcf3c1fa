"""Runs the server: the command line, the parent and its children, and what the worker does in the background.

Promises that one server runs on a data folder, that a child which dies or hangs is started again and the reason told,
that nothing stays behind after a stop, and that every failure at the start is one line that says what to do. The only
place that knows both the engine and Django.
"""

import os

# Before numpy is imported anywhere: its BLAS would start threads, and a process with threads must not fork.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
