"""Errors of the control API, as its client raises them.

EngineError
├── EngineUnreachableError   nobody answers on the socket, or not in time
└── EngineRefusedError       the engine answered that it will not, with a code and the reason
"""


class EngineError(Exception):
    """Something asked of the engine did not happen."""


class EngineUnreachableError(EngineError):
    """The engine does not run, or does not answer in time."""


class EngineRefusedError(EngineError):
    """The engine refused; `code` is for programs, the text for people who debug."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
