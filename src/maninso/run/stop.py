"""Telling a process that works in turns to stop."""

import time

LONGEST_SLEEP = 0.1  # seconds until a signal is noticed


class Stop:
    """Whether the worker was told to stop.

    Not an Event: a signal's handler that sets one while the same thread is about to wait for it blocks for ever.
    """

    def __init__(self) -> None:
        self._told = False

    def tell(self, *_: object) -> None:
        """Stop; may be a signal's handler."""
        self._told = True

    def is_set(self) -> bool:
        """Whether it was told."""
        return self._told

    def wait(self, seconds: float) -> None:
        """Wait so long, or until it is told, give or take LONGEST_SLEEP."""
        until = time.monotonic() + seconds
        while not self._told and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, LONGEST_SLEEP))
