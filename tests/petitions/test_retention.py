"""When retention ends, nobody can compute a known person's nullifier any more, and the count stays checkable."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from maninso.charter import Charter, retention_ends_at
from maninso.identity.nullifier import SealError, derive_nullifier, join_wrapping_key, open_sealed_key
from maninso.ledger.entries import Event, parse_entry, render_sign
from maninso.ledger.merkle import hash_leaf
from maninso.ledger.note import VerifierKey
from maninso.ledger.proof import verify_receipt
from maninso.ledger.recount import Recount
from maninso.petitions.access import log_key, read_receipt
from maninso.petitions.integrity import destroy_due_keys, destroy_petition_key
from maninso.petitions.lifecycle import close_petition
from maninso.run.settings import SettingError, make_wrapping_key, read_secret, read_wrapping_key
from maninso.signing.gate import append_entries

pytestmark = pytest.mark.django_db

ADA = {"issuer": "rehearsal", "subject": b"a" * 32}


def sealed_key(petition_id: int) -> bytes | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT wrapped_key FROM signing_gate WHERE petition_id = %s", [petition_id])
        (sealed,) = cursor.fetchone()
    return None if sealed is None else bytes(sealed)


@pytest.fixture
def few_keys(opened: Callable[..., int]) -> None:
    """Have another petition's half of a key beside the site's own, and not those of every test before."""
    for file in settings.MANINSO.keys_dir.glob("petitions/*.key"):
        file.unlink()
    opened()


@pytest.fixture
def signed(opened: Callable[..., int], sequence: Any, now: dt.datetime) -> int:
    """A petition that Ada has signed as the signing path does it, closed a day later."""
    petition_id = opened()
    sealed = sealed_key(petition_id)
    assert sealed is not None
    wrapping = read_wrapping_key(settings.MANINSO.keys_dir, petition_id)
    key = open_sealed_key(wrapping, petition_id=petition_id, sealed=sealed)
    entry = render_sign(1, 1, 0, derive_nullifier(key, **ADA), bytes(32))  # type: ignore[arg-type]
    with connection.cursor() as cursor:
        append_entries(cursor, petition_id=petition_id, entries=[entry], evidences=[b"what an audit is shown"])
    close_petition(petition_id, now=now + dt.timedelta(days=1))
    sequence(now + dt.timedelta(days=1))
    return petition_id


def ends_at(town: Charter, now: dt.datetime) -> dt.datetime:
    return retention_ends_at(town, closed_at=now + dt.timedelta(days=1))


def test_not_a_moment_early_and_once(signed: int, town: Charter, now: dt.datetime) -> None:
    end = ends_at(town, now)
    assert destroy_due_keys(now=end - dt.timedelta(seconds=1)) == 0
    assert sealed_key(signed) is not None
    assert destroy_due_keys(now=end) == 1
    assert destroy_due_keys(now=end) == 0


def test_nobody_can_compute_a_known_persons_nullifier_any_more(
    few_keys: None, signed: int, town: Charter, log_entries: Any, now: dt.datetime
) -> None:
    dumped = sealed_key(signed)  # what a backup of the database holds for ever
    assert dumped is not None
    keys = settings.MANINSO.keys_dir
    opened_key = open_sealed_key(read_wrapping_key(keys, signed), petition_id=signed, sealed=dumped)
    assert derive_nullifier(opened_key, **ADA) == log_entries(signed)[1][6:22]  # type: ignore[arg-type]
    assert destroy_due_keys(now=ends_at(town, now)) == 1
    assert sealed_key(signed) is None
    with pytest.raises(SettingError):
        read_wrapping_key(keys, signed)
    left = [read_secret(file) for file in keys.rglob("*.key")]
    assert left
    for one in left:
        for wrapping in [one, *(join_wrapping_key(one, other) for other in left)]:
            with pytest.raises(SealError):
                open_sealed_key(wrapping, petition_id=signed, sealed=dumped)
    make_wrapping_key(keys, signed)  # a new half is another half
    with pytest.raises(SealError):
        open_sealed_key(read_wrapping_key(keys, signed), petition_id=signed, sealed=dumped)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM signing_leaf WHERE petition_id = %s AND evidence IS NOT NULL", [signed])
        assert cursor.fetchone() == (0,)


def test_the_log_is_what_it_was_and_says_when(
    signed: int, town: Charter, sequence: Any, log_entries: Any, now: dt.datetime
) -> None:
    before = log_entries(signed)
    leaf = hash_leaf(before[1])
    receipt = read_receipt(signed, leaf)
    assert receipt is not None
    assert receipt.proof is not None
    end = ends_at(town, now)
    destroy_due_keys(now=end)
    sequence(end)
    after = log_entries(signed)
    assert after[:-1] == before
    event = parse_entry(after[-1])
    assert isinstance(event, Event)
    genesis = parse_entry(before[0])
    assert (event.name, event.body) == ("key destroyed", {"at": int(end.timestamp()), "key": genesis.key})  # type: ignore[union-attr]
    recount = Recount(receipt.origin)
    recount.add_entries(0, after)
    tally = recount.finish()
    assert (recount.problems, tally.count, tally.key_destroyed) == ([], 1, int(end.timestamp()))
    key = log_key(signed)
    assert key is not None
    newer = read_receipt(signed, leaf)
    assert newer is not None
    assert newer.proof is not None
    for proof in (receipt.proof, newer.proof):
        assert verify_receipt(proof, VerifierKey.parse(key)).leaf_hash == leaf


def test_an_open_petition_keeps_its_key(opened: Callable[..., int], now: dt.datetime) -> None:
    petition_id = opened()
    assert destroy_petition_key(petition_id, now=now) is False
    assert sealed_key(petition_id) is not None
    assert read_wrapping_key(settings.MANINSO.keys_dir, petition_id)


def test_interrupted_after_the_file_it_is_done_by_the_next(
    signed: int, town: Charter, log_entries: Any, now: dt.datetime
) -> None:
    settings.MANINSO_PETITION_KEY_FILE(signed).unlink()
    assert destroy_due_keys(now=ends_at(town, now)) == 1
    assert sealed_key(signed) is None
    assert len(log_entries(signed)) == 4  # opened, signed, closed, destroyed: once


def test_the_halves_are_files_that_nobody_else_reads(signed: int) -> None:
    file = settings.MANINSO_PETITION_KEY_FILE(signed)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
