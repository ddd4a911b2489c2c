"""Maninso (만인소): a public petition platform whose count anyone can check.

The seven packages stand on five floors, and imports go down only; ARCHITECTURE.md says where a thing goes.
"""

__version__ = "0.1.0"


class ManinsoError(Exception):
    """The root of every error that a user can meet.

    `str(error)` says what is wrong in one sentence and names the place; `cure` says what to do about it, or is empty
    where the message says it already. `exit_status` is the command line's status for it: 1 what was checked is wrong
    or it failed, 2 bad usage, 3 it could not be read, so nothing is known.
    """

    exit_status = 1

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(message)
        self.cure = cure


class UsageError(ManinsoError):
    """What the caller passed is not usable: a bad option, file or setting."""

    exit_status = 2


class UnreadableError(ManinsoError):
    """Something could not be read, so nothing is known about it."""

    exit_status = 3
