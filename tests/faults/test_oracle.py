"""The judge itself: each kind of damage is seen by it."""

import os
from collections.abc import Callable

import psycopg
import pytest
from tests.faults.conftest import Judge
from tests.faults.oracle import Held, Witness
from tests.signing.conftest import HOST, NOW, Logs

from maninso.charter import load_preset
from maninso.ledger.checkpoint import Checkpoint, sign_checkpoint
from maninso.ledger.merkle import hash_leaf
from maninso.signing.gate import append_entries
from maninso.signing.keys import LogKey, name_log
from maninso.signing.sequencer import Sequencer

THRESHOLD = load_preset("university").thresholds[0]


@pytest.fixture
def whole(logs: Logs, log_key: LogKey, made_up_entry: Callable[..., bytes]) -> tuple[int, Held]:
    """A log of 300 signatures that is as it must be, and what outsiders hold of it."""
    petition = logs.open(thresholds=[(THRESHOLD.id, THRESHOLD.model_dump_json())])
    entries = [made_up_entry() for _ in range(300)]
    with logs.connection.transaction(), logs.connection.cursor() as cursor:
        append_entries(cursor, petition_id=petition, entries=entries)
    held = Held(acknowledged={hash_leaf(entry) for entry in entries})
    Sequencer(logs.connection, lambda origin: Witness(origin, log_key.seed, held)).catch_up(now=NOW)
    held.checkpoints = {note for note in held.checkpoints if note.startswith(name_log(HOST, petition).encode())}
    return petition, held


def test_a_whole_log_passes(whole: tuple[int, Held], judge: Judge) -> None:
    petition, held = whole
    assert judge(petition, held) == 302  # the opening, the signatures, and the threshold's event
    assert len(held.checkpoints) == 2


def test_an_acknowledged_signature_that_is_not_there_is_seen(whole: tuple[int, Held], judge: Judge) -> None:
    petition, held = whole
    held.acknowledged.add(os.urandom(32))
    with pytest.raises(AssertionError):
        judge(petition, held)


def test_a_second_tree_of_one_size_is_seen(whole: tuple[int, Held], judge: Judge, log_key: LogKey) -> None:
    petition, held = whole
    origin = name_log(HOST, petition)
    held.checkpoints.add(sign_checkpoint(Checkpoint(origin, 301, os.urandom(32)), log_key.sign_as(origin)))
    with pytest.raises(AssertionError):
        judge(petition, held)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE signing_tally SET signatures = signatures + 1 WHERE petition_id = %s",
        "UPDATE signing_tree SET signatures = signatures - 1 WHERE petition_id = %s",
        "UPDATE signing_tree SET root = sha256(root) WHERE petition_id = %s",
        "DELETE FROM signing_threshold WHERE petition_id = %s",
        "UPDATE signing_head SET size = size - 1 WHERE petition_id = %s",
        "DELETE FROM signing_leaf WHERE leaf_index = 7 AND petition_id = %s",
    ],
)
def test_damage_in_the_database_is_seen(
    whole: tuple[int, Held], judge: Judge, connection: psycopg.Connection, damage: str
) -> None:
    petition, held = whole
    assert connection.execute(damage.encode(), [petition]).rowcount >= 1
    with pytest.raises(AssertionError):
        judge(petition, held)


@pytest.mark.parametrize(("table", "column"), [("tile", "hashes"), ("bundle", "entries")])
def test_a_file_that_is_not_made_of_the_leaves_is_seen(
    whole: tuple[int, Held], judge: Judge, connection: psycopg.Connection, table: str, column: str
) -> None:
    petition, held = whole
    trigger = f"signing_{table}_never_changes"
    connection.execute(f"ALTER TABLE signing_{table} DISABLE TRIGGER {trigger}".encode())
    try:
        connection.execute(
            f"UPDATE signing_{table} SET {column} = set_byte({column}, 100, get_byte({column}, 100) # 1)"
            " WHERE petition_id = %s".encode(),
            [petition],
        )
    finally:
        connection.execute(f"ALTER TABLE signing_{table} ENABLE TRIGGER {trigger}".encode())
    with pytest.raises(AssertionError):
        judge(petition, held)
