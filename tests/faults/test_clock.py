"""A web process whose clock is wrong may refuse somebody, but lets nobody in, and writes no time before the opening."""

import asyncio
import datetime as dt
import os

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.signing.conftest import Logs
from tests.signing.signer import Signer

from maninso.identity.mac import Mac
from maninso.ledger.entries import render_sign
from maninso.signing.app import Refused, check_gate
from maninso.signing.gatebook import Gate
from maninso.signing.intake import Intake, Outcome
from maninso.signing.problems import Refusal

HOUR = dt.timedelta(hours=1)
OPENED = 1_700_000_000.0
GATE = Gate(
    petition_id=1,
    state="open",
    opened_at=OPENED,
    closes_at=OPENED + 30 * 86_400,
    confirms_until=OPENED + 31 * 86_400,
    key=Mac(bytes(32)),
    bucket_seconds=600,
    regions={"": 0},
    min_assurance=0,
    min_age=0,
    region_needed=False,
)


WITHIN = st.floats(min_value=OPENED, max_value=GATE.closes_at, exclude_max=True)
AT_ANY_TIME = st.floats(min_value=OPENED - 10**8, max_value=OPENED + 10**8)


@given(now=WITHIN | AT_ANY_TIME)
def test_whoever_is_let_in_signs_in_a_time_bucket_that_exists(now: float) -> None:
    if OPENED <= now < GATE.closes_at:
        assert check_gate(GATE, now=now) is GATE.key
        assert 0 <= int(now - GATE.opened_at) // GATE.bucket_seconds < 30 * 144
    else:
        with pytest.raises(Refused) as caught:
            check_gate(GATE, now=now)
        assert caught.value.refusal is (Refusal.NOT_OPEN if now < OPENED else Refusal.CLOSED)


@given(now=st.floats(min_value=OPENED - 10**8, max_value=OPENED + 10**8))
def test_b32_only_who_asked_in_time_is_let_in_after_the_closing_while_the_grace_lasts(now: float) -> None:
    if OPENED <= now < GATE.confirms_until:
        check_gate(GATE, now=now, asked_in_time=True)
    else:
        with pytest.raises(Refused) as caught:
            check_gate(GATE, now=now, asked_in_time=True)
        assert caught.value.refusal is (Refusal.NOT_OPEN if now < OPENED else Refusal.CLOSED)


@pytest.mark.parametrize(
    ("opens_in", "closes_in", "in_time", "outcome"),
    [
        (-9 * HOUR, -3 * HOUR, True, Outcome.REFUSED),
        (-9 * HOUR, -HOUR, True, Outcome.STORED),
        (-9 * HOUR, -HOUR, False, Outcome.REFUSED),
        (HOUR, 4 * HOUR, True, Outcome.REFUSED),
        (-HOUR, HOUR, False, Outcome.STORED),
    ],
    ids=["over", "in its grace", "in its grace, asked late", "not begun", "open"],
)
def test_the_window_is_the_databases_whatever_a_web_process_believes(
    logs: Logs, database_url: str, opens_in: dt.timedelta, closes_in: dt.timedelta, in_time: bool, outcome: Outcome
) -> None:
    """What reaches intake has passed the web process's own clock: here one that is wrong by hours."""
    row = logs.connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    opened_at = (row[0] + opens_in).replace(microsecond=0)
    petition = logs.open(opened_at=opened_at, closes_at=row[0] + closes_in, grace=2 * HOUR)

    async def sign() -> Outcome:
        intake = Intake(lambda: psycopg.AsyncConnection.connect(database_url, autocommit=True))
        await intake.start()
        signer = Signer(intake, petition, render_sign(1, 0, 0, os.urandom(16), os.urandom(32)), in_time=in_time)
        try:
            return await signer.answer
        finally:
            await intake.stop()

    assert asyncio.run(sign()) is outcome
