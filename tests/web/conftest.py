"""A small university's petitions in a real database, signed and sealed for real."""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from maninso.charter import Charter, load_charter, load_preset
from maninso.identity.nullifier import derive_nullifier
from maninso.ledger.entries import render_sign
from maninso.signing.keys import LogKey

TITLE = "Open the library on Sundays"
BODY = "Many of us can only study on Sundays.\n\nPlease open the library from noon to six."


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Let every page ask what the site says on top."""


@pytest.fixture
def now() -> dt.datetime:
    """The present: pages ask the real clock."""
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def opened(db: None, now: dt.datetime) -> Callable[..., int]:
    """Raise and open a petition under the university's charter (an answer from 50 signatures on); return its number."""
    from maninso.petitions.lifecycle import draft_petition, open_petition, pass_to_moderation, submit_petition

    def make(*, age: dt.timedelta = dt.timedelta(days=1), charter: str | Charter = "university", **given: Any) -> int:
        moment = now - age
        petition_id = draft_petition(
            **{
                "charter": load_preset(charter) if isinstance(charter, str) else charter,
                "title": TITLE,
                "body": BODY,
                "language": "en",
                "topic": "Libraries",
                "creator_name": "Han Sol",
                "now": moment,
                **given,
            }
        )
        if submit_petition(petition_id, now=moment) == "gathering":
            pass_to_moderation(petition_id, now=moment)
        open_petition(petition_id, now=moment)
        return petition_id

    return make


@pytest.fixture
def sign() -> Callable[..., list[str]]:
    """Let `count` made-up people sign; return their leaf hashes in hex. Nothing is sealed yet."""
    from django.db import connection

    from maninso.ledger.merkle import hash_leaf
    from maninso.signing.gate import append_entries

    def append(petition_id: int, count: int, *, first: int = 0, region: int = 0) -> list[str]:
        entries = []
        for number in range(first, first + count):
            nullifier = derive_nullifier(bytes(32), issuer=f"petition {petition_id}", subject=b"%d" % number)
            entries.append(render_sign(1, region, 0, nullifier, hashlib.sha256(b"%d" % number).digest()))
        with connection.cursor() as cursor:
            append_entries(cursor, petition_id=petition_id, entries=entries)
        return [hash_leaf(entry).hex() for entry in entries]

    return append


@pytest.fixture
def seal() -> Callable[[dt.datetime], None]:
    """Let the sequencer publish checkpoints, over the test's own connection, and record what is owed by them."""
    from django.db import connection

    from maninso.petitions.obligations import record_met_thresholds
    from maninso.signing.sequencer import Sequencer

    def tick(moment: dt.datetime) -> None:
        connection.ensure_connection()
        Sequencer(connection.connection, LogKey(bytes(range(32))).sign_as).catch_up(now=moment)
        record_met_thresholds(now=moment)

    return tick


@pytest.fixture
def make_charter() -> Callable[..., Charter]:
    """Return the Bundestag's charter with a signer's section of one's own: `who`, and figures by name, as TOML."""

    def make(who: str, **figures: str) -> Charter:
        source = load_preset("bundestag").source.decode()
        head, _, rest = source.partition("[signer]")
        tail = rest[rest.index("\n[") :]
        keys = "\n".join(f"{name} = {value}" for name, value in {"minimum_assurance": "0", **figures}.items())
        evidence = 'confidence = "unconfirmed"\nsource = "assumed"'
        return load_charter(f"{head}[signer]\n{who}\n{keys}\n{evidence}\n{tail}".encode(), name="made")

    return make


@pytest.fixture
def few_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a copy have few of the site's own pages: most of its time goes into them, and test_export copies all once."""
    monkeypatch.setattr("maninso.run.export.PAGES", ("/", "/petitions", "/bills"))
    monkeypatch.setattr("maninso.run.export.STATUSES", ("owed",))
