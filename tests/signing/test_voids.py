"""Voids and reinstatements: through one door, once a signature, and a signer who comes back counts again once."""

import datetime as dt
import hashlib
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from tests.signing.conftest import NOW, Logs
from tests.signing.test_sequencer import append, leaves

from maninso.ledger.entries import Reinstate, Void, parse_entry
from maninso.ledger.recount import Recount
from maninso.signing.keys import LogKey
from maninso.signing.queries import QUERIES
from maninso.signing.sequencer import Sequencer
from maninso.signing.voids import (
    RETURNED_DECISION,
    WITHDRAWN_DECISION,
    NotOpenError,
    Selection,
    VoidError,
    count_selected,
    count_voided,
    next_selected,
    next_voided,
    reinstate_leaves,
    void_leaves,
    withdraw_leaf,
)

DECISION = hashlib.sha256(b"a decision").digest()
MadeUp = Callable[..., bytes]


def take(
    connection: psycopg.Connection, petition: int, *entries: bytes, in_time: bool = False
) -> list[tuple[int, bytes | None, bool]]:
    """Send a batch as intake does; returns what was not stored."""
    ends = "{" + ",".join(["0"] * len(entries)) + "}"
    cursor = psycopg.RawCursor(connection)
    asked = bytes([in_time] * len(entries))
    cursor.execute(QUERIES["take_batch"].encode(), ([petition] * len(entries), b"".join(entries), b"", ends, asked))
    return sorted(cursor.fetchall())


def void(connection: psycopg.Connection, petition: int, *indices: int, batch_id: int = 1, reason: int = 3) -> int:
    with connection.transaction(), connection.cursor() as cursor:
        return void_leaves(
            cursor,
            petition_id=petition,
            leaf_indices=indices,
            reason=reason,
            decision=DECISION,
            now=dt.datetime.now(dt.UTC),
            batch_id=batch_id,
        )


def reinstate(connection: psycopg.Connection, petition: int, *indices: int) -> int:
    with connection.transaction(), connection.cursor() as cursor:
        return reinstate_leaves(
            cursor,
            petition_id=petition,
            leaf_indices=indices,
            reason=6,
            decision=DECISION,
            batch_id=2,
            now=dt.datetime.now(dt.UTC),
        )


def withdraw(connection: psycopg.Connection, petition: int, leaf: int, *, now: dt.datetime | None = None) -> bool:
    with connection.transaction(), connection.cursor() as cursor:
        return withdraw_leaf(cursor, petition_id=petition, leaf_index=leaf, now=now or dt.datetime.now(dt.UTC))


def count(connection: psycopg.Connection, petition: int, log_key: LogKey) -> tuple[int, int, int, int]:
    """Sequence, recount all entries as an outsider does, and give signatures, voids, reinstated and the count."""
    Sequencer(connection, log_key.sign_as).catch_up(now=NOW)
    row = connection.execute(
        "SELECT signatures, voids, reinstated, count FROM signing_tree WHERE petition_id = %s", (petition,)
    ).fetchone()
    assert row is not None
    origin = connection.execute("SELECT origin FROM signing_gate WHERE petition_id = %s", (petition,)).fetchone()
    assert origin is not None
    recount = Recount(origin[0])
    recount.add_entries(0, leaves(connection, petition))
    tally = recount.finish()
    assert recount.problems == []
    assert (tally.signatures, tally.voids, tally.reinstated, tally.count) == row
    summed = connection.execute(
        "SELECT sum(signatures - voids) FROM signing_tally WHERE petition_id = %s", (petition,)
    ).fetchone()
    assert summed == (row[3],)
    return row


def test_a_void_takes_one_signature_out_once(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: MadeUp
) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry() for _ in range(5)])
    assert void(connection, petition, 4, 2) == 6
    assert [parse_entry(entry) for entry in leaves(connection, petition)[6:]] == [
        Void(3, 6, 2, DECISION),
        Void(3, 6, 4, DECISION),
    ]
    assert count(connection, petition, log_key) == (5, 2, 0, 3)
    assert reinstate(connection, petition, 2) == 8
    assert parse_entry(leaves(connection, petition)[8]) == Reinstate(6, 6, 6, DECISION)
    assert count(connection, petition, log_key) == (5, 2, 1, 4)
    void(connection, petition, 2, batch_id=3)
    assert count(connection, petition, log_key) == (5, 3, 1, 3)


@pytest.mark.parametrize(
    ("leaf", "said"),
    [(0, "is no signature"), (3, "is no signature"), (99, "is no signature"), (1, "is voided already, by leaf 3")],
)
def test_only_a_signature_that_counts_is_voided(
    connection: psycopg.Connection, logs: Logs, made_up_entry: MadeUp, leaf: int, said: str
) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry() for _ in range(2)])
    void(connection, petition, 1)
    before = leaves(connection, petition)
    with pytest.raises(VoidError, match=said):
        void(connection, petition, 2, leaf)
    assert leaves(connection, petition) == before  # all or none


def test_only_a_voided_signature_is_reinstated_and_a_withdrawn_one_by_its_signer(
    connection: psycopg.Connection, logs: Logs, made_up_entry: MadeUp
) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry() for _ in range(2)])
    with pytest.raises(VoidError, match=r"leaf 1 of petition \d+ is not voided"):
        reinstate(connection, petition, 1)
    withdraw(connection, petition, 2)
    with pytest.raises(VoidError, match="was withdrawn by its signer"):
        reinstate(connection, petition, 2)


def test_withdrawing_is_idempotent_and_only_while_open(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: MadeUp
) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry() for _ in range(2)])
    assert [withdraw(connection, petition, 1), withdraw(connection, petition, 1)] == [True, False]
    assert count(connection, petition, log_key) == (2, 1, 0, 1)
    entry = parse_entry(leaves(connection, petition)[3])
    assert entry == Void(1, 6, 1, hashlib.sha256(WITHDRAWN_DECISION).digest())
    with pytest.raises(NotOpenError):
        withdraw(connection, petition, 2, now=dt.datetime.now(dt.UTC) + dt.timedelta(days=31))
    with pytest.raises(VoidError, match="no signature"):
        withdraw(connection, petition, 0)


def test_who_withdrew_and_signs_again_counts_again_with_the_first_signature(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: MadeUp
) -> None:
    petition = logs.open()
    first, other = made_up_entry(nullifier=b"a" * 16), made_up_entry(nullifier=b"b" * 16)
    assert take(connection, petition, first, other) == []
    withdraw(connection, petition, 1)
    assert count(connection, petition, log_key) == (2, 1, 0, 1)
    again, third = made_up_entry(nullifier=b"a" * 16), made_up_entry()
    assert take(connection, petition, again, other, third) == [(1, first, True), (2, other, False)]
    assert count(connection, petition, log_key) == (3, 1, 1, 3)
    assert parse_entry(leaves(connection, petition)[4]) == Reinstate(
        1, 6, 3, hashlib.sha256(RETURNED_DECISION).digest()
    )
    assert take(connection, petition, again) == [(1, first, False)]  # sent once more: nothing changes
    assert count(connection, petition, log_key) == (3, 1, 1, 3)
    withdraw(connection, petition, 1)
    assert take(connection, petition, again) == [(1, first, True)]
    assert count(connection, petition, log_key) == (3, 2, 2, 3)


def test_who_was_voided_for_a_reason_does_not_come_back_by_signing(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: MadeUp
) -> None:
    petition = logs.open()
    first = made_up_entry(nullifier=b"a" * 16)
    append(connection, petition, [first, made_up_entry()])
    void(connection, petition, 1)
    withdraw(connection, petition, 2)
    assert take(connection, petition, made_up_entry(nullifier=b"a" * 16)) == [(1, first, False)]
    assert count(connection, petition, log_key) == (2, 2, 0, 0)


def test_nobody_comes_back_to_a_closed_petition(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: MadeUp
) -> None:
    petition = logs.open()
    first = made_up_entry(nullifier=b"a" * 16)
    append(connection, petition, [first])
    withdraw(connection, petition, 1)
    connection.execute("UPDATE signing_gate SET closes_at = now() WHERE petition_id = %s", (petition,))
    # As for anybody who has signed, the answer is the earlier entry; nothing is added.
    assert take(connection, petition, made_up_entry(nullifier=b"a" * 16)) == [(1, first, False)]
    assert count(connection, petition, log_key) == (1, 1, 0, 0)


def test_in_the_grace_who_asked_in_time_comes_back_and_nobody_else(
    connection: psycopg.Connection, logs: Logs, made_up_entry: MadeUp
) -> None:
    petition = logs.open(grace=dt.timedelta(hours=2))
    first = made_up_entry(nullifier=b"a" * 16)
    append(connection, petition, [first])
    withdraw(connection, petition, 1)
    connection.execute("UPDATE signing_gate SET closes_at = now() WHERE petition_id = %s", (petition,))
    assert take(connection, petition, made_up_entry(nullifier=b"a" * 16)) == [(1, first, False)]
    assert take(connection, petition, made_up_entry(nullifier=b"a" * 16), in_time=True) == [(1, first, True)]


def test_twenty_at_once_sign_and_withdraw_and_all_settles(
    connection: psycopg.Connection, database_url: str, logs: Logs, log_key: LogKey, made_up_entry: MadeUp
) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry(nullifier=b"a" * 16)])
    start = threading.Barrier(20)
    changed: list[int] = []

    def act(number: int) -> None:
        with psycopg.connect(database_url, autocommit=True) as own:
            start.wait()
            for _ in range(5):
                if number % 2:
                    changed.append(-1 if withdraw(own, petition, 1) else 0)
                else:
                    (answer,) = take(own, petition, made_up_entry(nullifier=b"a" * 16))
                    changed.append(1 if answer[2] else 0)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(changed) == 100
    signatures, _, _, counted = count(connection, petition, log_key)
    assert (signatures, counted) == (1, 1 + sum(changed))


def test_twenty_at_once_void_one_signature_and_one_does(
    connection: psycopg.Connection, database_url: str, logs: Logs, log_key: LogKey, made_up_entry: MadeUp
) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry()])
    start = threading.Barrier(20)
    done: list[str] = []

    def act() -> None:
        with psycopg.connect(database_url, autocommit=True) as own:
            start.wait()
            try:
                void(own, petition, 1)
                done.append("voided")
            except VoidError:
                done.append("refused")

    threads = [threading.Thread(target=act) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["refused"] * 19 + ["voided"]
    assert count(connection, petition, log_key) == (1, 1, 0, 0)


def test_a_void_brings_a_threshold_no_nearer(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: MadeUp
) -> None:
    from tests.signing.test_sequencer import UNIVERSITY

    petition = logs.open(thresholds=[(UNIVERSITY.id, UNIVERSITY.model_dump_json())])
    append(connection, petition, [made_up_entry() for _ in range(UNIVERSITY.needed)])
    void(connection, petition, 7)
    reinstate(connection, petition, 7)
    sequencer = Sequencer(connection, log_key.sign_as)
    sequencer.catch_up(now=NOW)
    row = connection.execute(
        "SELECT met_index, met_count FROM signing_threshold WHERE petition_id = %s", (petition,)
    ).fetchone()
    assert row == (UNIVERSITY.needed, UNIVERSITY.needed)  # the 50th signature, and not the reinstatement


def test_selections(connection: psycopg.Connection, logs: Logs, made_up_entry: MadeUp) -> None:
    petition = logs.open()
    append(
        connection,
        petition,
        [made_up_entry(region=number % 3, method=number % 2, bucket=100 * number) for number in range(8)],
    )
    void(connection, petition, 8)
    withdraw(connection, petition, 7)

    def select(**chosen: Any) -> list[int]:
        with connection.cursor() as cursor:
            selection = Selection(**chosen)
            found = next_selected(cursor, petition_id=petition, selection=selection, first=0, end=99, limit=99)
            counted = count_selected(cursor, petition_id=petition, selection=selection, end=99)
        # Leaf 7 was withdrawn: it does not count, but its signer may come back.
        assert counted == len(found) + (7 in everything(selection))
        return found

    def everything(selection: Selection) -> list[int]:
        return [
            leaf
            for leaf, entry in enumerate(leaves(connection, petition)[:9])
            if entry[0] == 1
            and (selection.leaves is None or leaf in selection.leaves)
            and (selection.regions is None or entry[3] in selection.regions)
            and (selection.assurances is None or entry[1] in selection.assurances)
            and (selection.first_bucket or 0) <= int.from_bytes(entry[4:6], "big") <= (selection.last_bucket or 65535)
        ]

    assert select() == [1, 2, 3, 4, 5, 6]  # leaf 8 does not count any more
    assert select(leaves=(2, 8, 9)) == [2]
    assert select(regions=(1,)) == [2, 5]
    assert select(assurances=(1,)) == [2, 4, 6]
    assert select(first_bucket=300, last_bucket=500) == [4, 5, 6]
    assert select(first_bucket=300, regions=(0, 1), assurances=(0,)) == [5]
    with connection.cursor() as cursor:
        found = next_selected(cursor, petition_id=petition, selection=Selection(), first=3, end=6, limit=2)
        assert found == [3, 4]
        assert (count_voided(cursor, batch_id=1), next_voided(cursor, batch_id=-1, first=0, limit=9)) == (1, [])


INSERT = "INSERT INTO signing_void (petition_id, target_index, void_index, batch_id, by_signer, reinstated_index) "
BARE = "ALTER TABLE signing_void DISABLE TRIGGER signing_void_fits; "  # undone with the rest


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("signing_void_pk", INSERT + "SELECT %(id)s, 2, 3, 1, false, 4"),
        ("signing_void_once", INSERT + "SELECT %(id)s, 2, 6, 1, false, NULL"),
        ("signing_void_order", BARE + INSERT + "SELECT %(id)s, 6, 6, 1, false, 7"),
        ("signing_void_order", BARE + INSERT + "SELECT %(id)s, 2, 6, 1, false, 6"),
        ("signing_void_decided", INSERT + "SELECT %(id)s, 2, 6, NULL, false, 7"),
        ("signing_void_undone", "UPDATE signing_void SET reinstated_batch = 2 WHERE petition_id = %(id)s"),
        (
            "signing_void_reinstated_once",
            BARE + INSERT + "SELECT %(id)s, 2, n, 1, false, 7 FROM unnest('{5,6}'::int[]) n",
        ),
        ("signing_void_fits_entries", INSERT + "SELECT %(id)s, 1, 6, 1, false, NULL"),  # leaf 6 voids leaf 2
        ("signing_void_fits_entries", INSERT + "SELECT %(id)s, 0, 1, 1, false, NULL"),  # leaf 1 is a signature
        ("signing_void_fits_entries", INSERT + "SELECT %(id)s, 2, 6, NULL, true, 7"),  # nobody withdrew
        ("signing_void_fits_entries", "UPDATE signing_void SET reinstated_index = 7 WHERE petition_id = %(id)s"),
        ("signing_void_stays", "UPDATE signing_void SET target_index = 1 WHERE petition_id = %(id)s"),
    ],
)
def test_the_table_refuses(
    connection: psycopg.Connection, logs: Logs, made_up_entry: MadeUp, constraint: str, statement: str
) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry(), made_up_entry()])
    void(connection, petition, 2)
    # Entries without their rows: leaf 4 undoes leaf 3, leaf 6 voids leaf 2 again, and leaf 7 undoes that.
    undoing, again = Reinstate(3, 0, 3, DECISION), Void(3, 0, 2, DECISION)
    append(connection, petition, [undoing.render(), made_up_entry(), again.render()])
    append(connection, petition, [Reinstate(3, 0, 6, DECISION).render()])
    with pytest.raises(psycopg.IntegrityError) as caught:
        run_all(connection, statement.split("; "), petition)
    assert caught.value.diag.constraint_name == constraint


def run_all(connection: psycopg.Connection, statements: list[str], petition: int) -> None:
    with connection.transaction():
        for statement in statements:
            connection.execute(statement.encode(), {"id": petition} if "%(id)s" in statement else None)


def test_a_reinstated_void_stays_reinstated(connection: psycopg.Connection, logs: Logs, made_up_entry: MadeUp) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry()])
    void(connection, petition, 1)
    reinstate(connection, petition, 1)
    with pytest.raises(psycopg.IntegrityError) as caught, connection.transaction():
        connection.execute("UPDATE signing_void SET reinstated_index = NULL WHERE petition_id = %s", (petition,))
    assert caught.value.diag.constraint_name == "signing_void_stays"


def test_the_database_and_python_write_the_same_decision() -> None:
    from importlib.resources import files

    schema = files("maninso.signing").joinpath("schema.sql").read_text(encoding="utf-8")
    assert f"sha256('{RETURNED_DECISION.decode()}'::bytea)" in schema
