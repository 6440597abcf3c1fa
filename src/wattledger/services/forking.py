"""Forking: a child that shares the code of its parent and nothing else, and dies with it."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from setproctitle import setproctitle

from wattledger.services.logs import name_service

log = logging.getLogger(__name__)

# What the parent listens to. Blocked around the fork: a signal that a child takes before it has its own handlers would
# otherwise be told to the parent through the descriptor they still share.
PARENT_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
PR_SET_PDEATHSIG = 1  # prctl(2)


def fork(name: str, work: Callable[[], int]) -> int:
    """Start `work` in a child process titled `wattledger: name`; gives its pid. The child ends with what `work` gives.

    An exception in the child is logged and ends it with 1; nothing of the caller's stack runs there again. The kernel
    kills the child when its parent dies: an orphan would hold the lock, the port and the meters, and nothing that was
    recorded is lost by it. Raises RuntimeError when this process has threads, whose locks a child could wait for in
    vain.
    """
    _check_one_thread()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PARENT_SIGNALS)
    pid = os.fork()
    if pid == 0:
        _be_child(name, work, parent)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def _check_one_thread() -> None:
    threads = sum(1 for _ in Path("/proc/self/task").iterdir())
    if threads != 1:
        raise RuntimeError(
            f"a process with {threads} threads must not fork; something imported by the parent starts them"
        )


def _be_child(name: str, work: Callable[[], int], parent: int) -> None:
    code = 1
    try:
        _die_with(parent)
        _settle_signals()
        name_service(name)
        setproctitle(f"wattledger: {name}")
        code = work()
    except BaseException:  # whatever it was: the stack below belongs to the parent and must not be unwound
        log.critical("%s failed", name, exc_info=True)
    finally:
        logging.shutdown()
        os._exit(code)


def _die_with(parent: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked to be told
        os._exit(1)


def _settle_signals() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Ctrl-C and a closed terminal reach the whole process group; what they mean is the parent's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
