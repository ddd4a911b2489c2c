"""Queues by petition, taken from in turn, so that no petition's rush keeps another's signers waiting."""

from collections import deque
from collections.abc import Container
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """One queue a petition. A petition that was taken from goes behind the others."""

    def __init__(self) -> None:
        self._queues: dict[int, deque[T]] = {}

    def __bool__(self) -> bool:
        return bool(self._queues)

    def count(self, petition_id: int) -> int:
        """Return how many wait for one petition."""
        queue = self._queues.get(petition_id)
        return len(queue) if queue else 0

    def put(self, petition_id: int, item: T) -> None:
        """Queue an item."""
        queue = self._queues.get(petition_id)
        if queue is None:
            self._queues[petition_id] = queue = deque()
        queue.append(item)

    def take(self, most: int, *, without: Container[int] = (), longest: int | None = None) -> list[T]:
        """Return at most so many, as evenly from all petitions as they have them, in each one's order.

        Petitions in `without` are passed over, and those for which more than `longest` wait.
        """
        taken: list[T] = []
        queues = self._queues
        while len(taken) < most:
            due = [
                petition_id
                for petition_id, queue in queues.items()
                if petition_id not in without and (longest is None or len(queue) <= longest)
            ]
            if not due:
                break
            share = max(1, (most - len(taken)) // len(due))
            for petition_id in due[: most - len(taken)]:
                queue = queues.pop(petition_id)
                for _ in range(min(share, len(queue))):
                    taken.append(queue.popleft())
                if queue:
                    queues[petition_id] = queue  # behind the others: its turn comes again
        return taken
