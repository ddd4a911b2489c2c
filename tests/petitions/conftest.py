"""A small town's charter, its cast, and short ways to raise, sign and sequence its petitions."""

import datetime as dt
import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from maninso.charter import Charter, load_charter
from maninso.identity.nullifier import derive_nullifier
from maninso.identity.rehearsal import make_rehearsal_ticket
from maninso.ledger.entries import Void, render_sign
from maninso.signing.keys import LogKey

DAY = dt.timedelta(days=1)

TOWN = """\
id = "town"
title = { ko = "읍 청원", en = "Town petitions" }
institution = { ko = "읍사무소", en = "Town hall" }
time_zone = "Asia/Seoul"
regions = ["KR-11", "KR-26"]

[sources]
bylaw = { ko = "조례", en = "By-law 12" }

[collecting]
starts = "publication"
length = "30 days"
confidence = "confirmed"
source = "bylaw"

[counting]
signatures = "raw"
confidence = "confirmed"
source = "bylaw"

[[thresholds]]
id = "answer"
label = { ko = "답변 기준", en = "Answer" }
at_least = 3
confidence = "confirmed"
source = "bylaw"

[thresholds.obligation]
id = "answer"
what = { ko = "서면 답변", en = "a written answer" }
who = { ko = "읍장", en = "the mayor" }
basis = { ko = "조례 제12조", en = "By-law 12" }
confidence = "confirmed"
source = "bylaw"

[[thresholds.obligation.declines]]
code = "before-a-court"
label = { ko = "재판 중인 사안", en = "a matter before a court" }

[thresholds.obligation.deadline]
within = "30 days"
counted_from = "closing"
extensions = [{ at_most = 1, length = "1 month" }]
confidence = "confirmed"
source = "bylaw"

[[thresholds]]
id = "debate"
label = { ko = "토론 기준", en = "Debate" }
more_than = 4
confidence = "confirmed"
source = "bylaw"

[text]
title_max = 80
body_max = 1000
links_allowed = false
confidence = "confirmed"
source = "bylaw"

[signer]
who = { ko = "누구나", en = "anyone" }
minimum_assurance = 1
minimum_age = 14
confidence = "confirmed"
source = "bylaw"

[creator]
who = { ko = "누구나", en = "anyone" }
minimum_assurance = 1
confidence = "confirmed"
source = "bylaw"

[disclosure]
creator_name = "while open"
signer_names = "never"
confidence = "confirmed"
source = "bylaw"

[retention]
after_closing = "6 months"
confidence = "confirmed"
source = "bylaw"

[[rejection_reasons]]
code = "duplicate"
label = { ko = "이미 있는 청원", en = "There is one already" }
hides = false

[[rejection_reasons]]
code = "personal-data"
label = { ko = "개인정보", en = "Personal data" }
hides = true
"""

SPONSORS = """
[sponsors]
count = 2
confidence = "confirmed"
source = "bylaw"
"""

TITLE = "A crossing in front of the library"
BODY = "Cars come fast round the bend.\n\nWe ask for a zebra crossing in front of the library in Mill Street."


@pytest.fixture
def now() -> dt.datetime:
    """The moment at which a test's story begins: noon of 2 March 2026 in Seoul."""
    return dt.datetime(2026, 3, 2, 3, tzinfo=dt.UTC)


@cache
def load_town(source: str) -> Charter:
    """Load a charter, which never changes, once for all tests."""
    return load_charter(source.encode(), name="town.toml")


@pytest.fixture
def make_charter() -> Callable[..., Charter]:
    """Return the town's charter with passages replaced, old and new by turns, and `added` at its end."""

    def make(*changes: str, added: str = "") -> Charter:
        source = TOWN + added
        for old, new in zip(changes[::2], changes[1::2], strict=True):
            assert source.count(old) == 1, old
            source = source.replace(old, new)
        return load_town(source)

    return make


@pytest.fixture
def town(make_charter: Callable[..., Charter]) -> Charter:
    """The town's charter: no sponsors, an answer within 30 days after closing from 3 signatures on."""
    return make_charter()


@pytest.fixture
def draft(town: Charter, now: dt.datetime) -> Callable[..., int]:
    """Draft a petition and return its number."""
    from maninso.petitions.lifecycle import draft_petition

    def make(**given: Any) -> int:
        return draft_petition(
            **{
                "charter": town,
                "title": TITLE,
                "body": BODY,
                "language": "en",
                "topic": "Roads",
                "creator_name": "Han Sol",
                "now": now,
                **given,
            }
        )

    return make


@pytest.fixture
def submitted(draft: Callable[..., int], now: dt.datetime) -> Callable[..., int]:
    """Draft and submit a petition and return its number."""
    from maninso.petitions.lifecycle import submit_petition

    def make(**given: Any) -> int:
        petition_id = draft(**given)
        submit_petition(petition_id, now=given.get("now", now))
        return petition_id

    return make


@pytest.fixture
def opened(submitted: Callable[..., int], now: dt.datetime) -> Callable[..., int]:
    """Draft, submit and open a petition and return its number."""
    from maninso.petitions.lifecycle import open_petition

    def make(**given: Any) -> int:
        petition_id = submitted(**given)
        open_petition(petition_id, now=given.get("now", now))
        return petition_id

    return make


@pytest.fixture
def sign() -> Callable[..., None]:
    """Let made-up people sign: `people` are their names, all in one region and at one assurance."""
    from django.db import connection

    from maninso.signing.gate import append_entries

    def append(petition_id: int, *people: str, region: int = 1) -> None:
        entries = []
        for person in people:
            nullifier = derive_nullifier(bytes(32), issuer=f"petition {petition_id}", subject=person.encode())
            entries.append(render_sign(1, region, 0, nullifier, hashlib.sha256(person.encode()).digest()))
        with connection.cursor() as cursor:
            append_entries(cursor, petition_id=petition_id, entries=entries)

    return append


@pytest.fixture
def void() -> Callable[[int, int], None]:
    """Take the signature at a leaf out of a petition's count."""
    from django.db import connection

    from maninso.signing.gate import append_entries

    def append(petition_id: int, leaf: int) -> None:
        with connection.cursor() as cursor:
            append_entries(cursor, petition_id=petition_id, entries=[Void(1, 0, leaf, bytes(32)).render()])

    return append


@pytest.fixture
def sequence() -> Callable[[dt.datetime], None]:
    """Let the sequencer publish everything, over the test's own connection."""
    from django.db import connection

    from maninso.signing.sequencer import Sequencer

    def tick(now: dt.datetime) -> None:
        connection.ensure_connection()
        Sequencer(connection.connection, LogKey(bytes(range(32))).sign_as).catch_up(now=now)

    return tick


@pytest.fixture
def log_entries() -> Callable[[int], list[bytes]]:
    """Return the entries of a petition's log."""
    from django.db import connection

    def read(petition_id: int) -> list[bytes]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT entry FROM signing_leaf WHERE petition_id = %s ORDER BY leaf_index", [petition_id])
            return [bytes(entry) for (entry,) in cursor.fetchall()]

    return read


@pytest.fixture
def met(opened: Callable[..., int], sign: Any, sequence: Any, now: dt.datetime) -> Callable[..., int]:
    """Open a petition whose third signature came an hour later, and record what is owed; return the obligation."""
    from maninso.petitions.models import Obligation
    from maninso.petitions.obligations import record_met_thresholds

    def make(**given: Any) -> int:
        petition_id = opened(**given)
        moment = given.get("now", now) + dt.timedelta(hours=1)
        sign(petition_id, "Ada", "Bo", "Cy")
        sequence(moment)
        assert record_met_thresholds(now=moment) == 1
        return Obligation.objects.get(petition_id=petition_id).pk

    return make


@pytest.fixture
def cast(db: None, now: dt.datetime) -> None:
    """The office: everybody of tests.petitions.office."""
    from tests.petitions.office import CAST

    from maninso.petitions.accounts import add_member

    for actor in CAST:
        add_member(email=actor.name, role=actor.role, now=now)


@pytest.fixture
def waiting(cast: None, town: Charter, now: dt.datetime) -> Callable[..., int]:
    """Raise a petition that waits for a decision, its creator confirmed; return its number."""
    from maninso.petitions import raising

    def make(*, confirmed: bool = True, person: str = "Ada", **given: Any) -> int:
        draft = raising.Draft(**{"title": TITLE, "body": BODY, "language": "en", "address": "ada@x.example", **given})
        raised = raising.raise_petition(
            charter=town,
            draft=draft,
            ticket=make_rehearsal_ticket("x" * 32, person=person, region="KR-11", now=0, age=40, assurance=1),
            nonce=raising.make_nonce(),
            page="https://petitions.example.org/petitions/{id}/creator/{token}",
            salt=bytes(16),
            now=now,
        )
        if confirmed:
            raising.confirm_creator(raised.petition_id, raised.links.creator, now=now)
        return raised.petition_id

    return make
