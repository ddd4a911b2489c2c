"""Somebody who signs through an intake, without HTTP."""

import asyncio
from typing import Any

from maninso.signing.intake import Intake, Outcome, Waiting


class Signer:
    """Submits a signature and hears what became of it: `answer` is done then, and `waiting.entry` is what counts."""

    def __init__(self, intake: Intake, petition: int, entry: bytes, evidence: bytes = b"evidence", **more: Any) -> None:
        self.answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.waiting = Waiting(petition, self.hear, **more).fill(entry, evidence)
        intake.submit(self.waiting)

    def hear(self, waiting: Waiting, outcome: Outcome) -> None:
        assert waiting is self.waiting
        if not self.answer.done():
            self.answer.set_result(outcome)
