"""Who is shown the button that signs is expected, so that a rush on another petition makes way in time."""

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from maninso.identity.rehearsal import make_rehearsal_ticket
from maninso.identity.ticket import COOKIE, issue_ticket
from maninso.run.server import Site
from maninso.signing.app import LONGEST_QUERY, SigningApp

KEY = bytes(32)


def ticket(*, key: bytes = KEY, now: float) -> str:
    made = make_rehearsal_ticket("secret", person="somebody", region="", now=now, assurance=1, age=40)
    return issue_ticket(key, made)


NOW = time.time()
TICKETS = {
    "good": ticket(now=NOW),
    "forged": ticket(key=bytes(31) + b"x", now=NOW),
    "expired": ticket(now=NOW - 86_400),
}


@pytest.mark.parametrize(
    ("path", "cookie", "query", "expected"),
    [
        ("/petitions/7/sign/now", "good", "", [7]),
        ("/ko/petitions/7/sign/now", "good", "", [7]),
        ("/petitions/7/confirm", "", "ticket=good", [7]),
        ("/petitions/7/confirm", "good", "ticket=forged", []),
        ("/petitions/7/confirm", "", "ticket=good&long", []),
        ("/petitions/7/sign/now", "", "", []),
        ("/petitions/7/sign/now", "forged", "", []),
        ("/petitions/7/sign/now", "expired", "", []),
        ("/petitions/7/sign/now", "mt1.\x00", "ticket=%00&&=", []),
        ("/petitions/7/sign", "good", "", []),
        ("/petitions/7", "good", "", []),
        ("/petitions/0/sign/now", "good", "", []),
    ],
)
def test_whoever_has_a_ticket_and_the_button_is_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, cookie: str, query: str, expected: list[int]
) -> None:
    monkeypatch.setenv("MANINSO_HOME", str(tmp_path))
    heard: list[int] = []
    intake: Any = SimpleNamespace(is_shared=False, expect=heard.append)
    nobody: Any = None
    site = Site()
    site._signing = SigningApp(
        gates=nobody,
        intake=intake,
        limiter=nobody,
        ticket_keys=[KEY],
        withdraw_key=b"",
        host="here",
        rehearsal=True,
        pages={},
    )
    seen: list[str] = []

    async def answer(scope: Any, _exchange: Any) -> None:
        seen.append(scope.path)

    site._front = site._allowance = SimpleNamespace(answer=answer)  # type: ignore[assignment]
    for name, token in {**TICKETS, "long": "x" * LONGEST_QUERY}.items():
        cookie, query = cookie.replace(name, token), query.replace(name, token)
    headers = {"cookie": f"theme=dark; {COOKIE}={cookie}"} if cookie else {}
    scope: Any = SimpleNamespace(path=path, method="GET", query_string=query, headers=headers, client="")

    async def story() -> None:
        await site.__rsgi__(scope, None)  # type: ignore[arg-type]

    asyncio.run(story())
    assert heard == expected
    assert seen == [path]  # and is answered as ever
