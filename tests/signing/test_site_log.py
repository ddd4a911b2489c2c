"""The site's own log: it names every checkpoint, anchors receipts, and shows who has cosigned it."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.signing.conftest import HOST, NOW, Logs
from tests.signing.test_log import read
from tests.signing.test_sequencer import append, leaves, published

from maninso.ledger.checkpoint import open_checkpoint, peek_checkpoint
from maninso.ledger.merkle import hash_leaf
from maninso.ledger.note import SignedNote, SignerKey
from maninso.ledger.proof import Receipt, open_cosignatures, verify_receipt
from maninso.ledger.sitelog import NamedCheckpoint, SiteEntry
from maninso.ledger.tiles import tile_paths
from maninso.ledger.verify import verify_log
from maninso.signing import sitelog
from maninso.signing.keys import LogKey, name_log, name_site_log
from maninso.signing.log import find_leaf, read_log_file, read_log_key, read_site_proof
from maninso.signing.sequencer import Sequencer
from maninso.signing.sitelog import SITE, Cosignature, keep_cosignature, read_cosignatures

Entry = Callable[..., bytes]
ORIGIN = name_site_log(HOST)
WITNESSES = [SignerKey(f"witness.example/{n}", bytes([n]) * 32) for n in (1, 2)]


@pytest.fixture
def site(connection: psycopg.Connection, logs: Logs, log_key: LogKey) -> Iterator[Sequencer]:
    """A sequencer of a site with its own log, which is cleared away with the petitions'."""
    sequencer = Sequencer(connection, log_key.sign_as)
    sequencer.start_site_log(host=HOST)
    yield sequencer
    with connection.transaction():
        connection.execute("DELETE FROM signing_cosignature")
        connection.execute("DELETE FROM signing_named")
        for table in ("bundle", "tile", "tree", "leaf", "head", "gate"):
            connection.execute(f"DELETE FROM signing_{table} WHERE petition_id = 0".encode())


def go_on(sequencer: Sequencer, seconds: int = 0) -> int:
    """One round of the worker: sequence, name, and publish that."""
    now = NOW + dt.timedelta(seconds=seconds)
    sequencer.catch_up(now=now)
    named = sequencer.name_checkpoints(now=now)
    sequencer.catch_up(now=now)
    return named


def site_entries(connection: psycopg.Connection) -> list[SiteEntry]:
    return [SiteEntry.parse(data) for data in leaves(connection, SITE)]


def test_every_checkpoint_is_named_once(
    connection: psycopg.Connection, logs: Logs, site: Sequencer, made_up_entry: Entry
) -> None:
    first, second = logs.open(), logs.open()
    assert go_on(site) == 2
    one = published(connection, first)
    append(connection, first, [made_up_entry() for _ in range(5)])
    assert go_on(site, 10) == 1
    assert go_on(site, 20) == 0
    size, root, _, _ = published(connection, first)
    other = published(connection, second)
    assert site_entries(connection) == [
        SiteEntry(
            int(NOW.timestamp()),
            (NamedCheckpoint(first, 1, bytes(one[1])), NamedCheckpoint(second, 1, bytes(other[1]))),
        ),
        SiteEntry(int(NOW.timestamp()) + 10, (NamedCheckpoint(first, size, bytes(root)),)),
    ]


def test_more_petitions_than_an_entry_names_take_several(
    connection: psycopg.Connection,
    logs: Logs,
    site: Sequencer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sitelog, "MAX_NAMED", 2)
    petitions = [logs.open() for _ in range(5)]
    assert go_on(site) == 5
    assert [[each.petition_id for each in entry.named] for entry in site_entries(connection)] == [
        petitions[:2],
        petitions[2:4],
        petitions[4:],
    ]


def test_a_clock_set_back_dates_no_entry_before_another(
    connection: psycopg.Connection, logs: Logs, site: Sequencer, made_up_entry: Entry
) -> None:
    petition = logs.open()
    go_on(site, 100)
    append(connection, petition, [made_up_entry()])
    go_on(site, 50)
    assert [entry.time - int(NOW.timestamp()) for entry in site_entries(connection)] == [100, 100]


def test_nothing_is_named_while_an_entry_waits(
    connection: psycopg.Connection, logs: Logs, site: Sequencer, made_up_entry: Entry
) -> None:
    petition = logs.open()
    site.catch_up(now=NOW)
    assert site.name_checkpoints(now=NOW) == 1
    with psycopg.connect(connection.info.dsn, autocommit=True, password=connection.info.password) as other:
        append(other, petition, [made_up_entry()])
    assert site.name_checkpoints(now=NOW) == 0
    assert len(site_entries(connection)) == 1


def test_the_site_s_log_is_started_once_and_keeps_its_name(connection: psycopg.Connection, site: Sequencer) -> None:
    site.start_site_log(host="elsewhere.example")
    assert connection.execute("SELECT origin FROM signing_gate WHERE petition_id = 0").fetchone() == (ORIGIN,)


def test_it_is_served_and_verified_like_any_log(
    connection: psycopg.Connection,
    logs: Logs,
    site: Sequencer,
    log_key: LogKey,
    made_up_entry: Entry,
    tmp_path: Path,
) -> None:
    petition = logs.open()
    for second in range(300):
        append(connection, petition, [made_up_entry()])
        go_on(site, 10 * second)
    key = log_key.sign_as(ORIGIN).verifier
    for number, place in [(SITE, tmp_path / "log"), (petition, tmp_path / f"p/{petition}/log")]:
        checkpoint = read(connection, number, "checkpoint")
        assert checkpoint is not None
        paths = ["checkpoint", *(path.render() for path in tile_paths(peek_checkpoint(checkpoint).size))]
        for path in paths:
            body = read(connection, number, path)
            assert body is not None
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(body)
    report = verify_log(str(tmp_path), keys=[key])
    assert report.ok, report.render()
    with connection.cursor() as cursor:
        assert read_log_key(cursor, petition_id=SITE) == key.render()
    assert [log.checkpoint.size for log in report.logs] == [300, 301]  # type: ignore[union-attr]
    assert report.logs[1].named == 300  # type: ignore[union-attr]


def test_a_receipt_is_anchored_to_the_first_checkpoint_that_is_named(
    connection: psycopg.Connection, logs: Logs, site: Sequencer, log_key: LogKey, made_up_entry: Entry
) -> None:
    petition = logs.open()
    origin = name_log(HOST, petition)
    mine = made_up_entry()
    append(connection, petition, [mine])
    site.catch_up(now=NOW)
    append(connection, petition, [made_up_entry() for _ in range(300)])
    site.catch_up(now=NOW)
    with connection.cursor() as cursor:
        assert read_site_proof(cursor, petition_id=petition, leaf_hash=hash_leaf(mine)) is None
        go_on(site)
        append(connection, petition, [made_up_entry() for _ in range(300)])
        found = find_leaf(cursor, petition_id=petition, leaf_hash=hash_leaf(mine))
        go_on(site, 10)
        again = find_leaf(cursor, petition_id=petition, leaf_hash=hash_leaf(mine))
        proof = read_site_proof(cursor, petition_id=petition, leaf_hash=hash_leaf(mine))
        assert read_site_proof(cursor, petition_id=petition, leaf_hash=bytes(32)) is None
        assert read_site_proof(cursor, petition_id=petition + 1, leaf_hash=hash_leaf(mine)) is None
    assert found is not None
    assert found == again
    assert found.receipt is not None
    assert proof is not None
    receipt = verify_receipt(found.receipt, log_key.sign_as(origin).verifier)
    held = verify_receipt(proof, log_key.sign_as(ORIGIN).verifier)
    named = SiteEntry.parse(held.entry.render()).find(petition)
    assert named == NamedCheckpoint(petition, receipt.checkpoint.size, receipt.checkpoint.root)
    assert (receipt.index, receipt.checkpoint.size, held.index, held.checkpoint.size) == (1, 302, 0, 2)


def cosign(connection: psycopg.Connection, witness: SignerKey, *, time: int = 1_700_000_000) -> None:
    row = connection.execute("SELECT size, checkpoint FROM signing_tree WHERE petition_id = 0").fetchone()
    assert row is not None
    size, checkpoint = row
    line = witness.cosign(SignedNote.parse(bytes(checkpoint)).text, time=time).render()
    at = dt.datetime.fromtimestamp(time, dt.UTC)
    with connection.cursor() as cursor:
        keep_cosignature(cursor, Cosignature(witness.cosigner, size, bytes(checkpoint), line, at))


def test_the_checkpoint_bears_the_lines_of_those_who_cosigned_this_one(
    connection: psycopg.Connection, logs: Logs, site: Sequencer, log_key: LogKey, made_up_entry: Entry
) -> None:
    petition = logs.open()
    go_on(site)
    bare = read(connection, SITE, "checkpoint")
    assert bare is not None
    for number, witness in enumerate(WITNESSES, start=1):
        cosign(connection, witness)
        served = read(connection, SITE, "checkpoint")
        assert served is not None
        assert served.startswith(bare)
        assert len(open_cosignatures(served, [each.cosigner for each in WITNESSES])) == number
        open_checkpoint(served, origin=ORIGIN, key=log_key.sign_as(ORIGIN).verifier)
    append(connection, petition, [made_up_entry()])
    go_on(site, 10)
    newer = read(connection, SITE, "checkpoint")
    assert newer is not None
    assert open_cosignatures(newer, [each.cosigner for each in WITNESSES]) == ()


def test_a_site_s_proof_is_against_what_most_witnesses_have_cosigned(
    connection: psycopg.Connection, logs: Logs, site: Sequencer, made_up_entry: Entry
) -> None:
    petition = logs.open()
    mine = made_up_entry()
    append(connection, petition, [mine])

    def proof() -> tuple[int, int]:
        with connection.cursor() as cursor:
            data = read_site_proof(cursor, petition_id=petition, leaf_hash=hash_leaf(mine))
        assert data is not None
        note = Receipt.parse(data).checkpoint_bytes
        return peek_checkpoint(note).size, len(SignedNote.parse(note).signatures) - 1

    go_on(site)
    assert proof() == (1, 0)
    cosign(connection, WITNESSES[0])
    cosign(connection, WITNESSES[1])
    for second in (10, 20):
        append(connection, petition, [made_up_entry()])
        go_on(site, second)
    assert proof() == (1, 2)
    cosign(connection, WITNESSES[0])
    assert proof() == (3, 1)
    cosign(connection, WITNESSES[1])
    assert proof() == (3, 2)
    with connection.cursor() as cursor:
        assert [(each.size, each.witness.name) for each in read_cosignatures(cursor)] == [
            (3, WITNESSES[0].name),
            (3, WITNESSES[1].name),
        ]


def test_a_checkpoint_that_witnesses_cosigned_covers_later_entries_only_if_it_is_large_enough(
    connection: psycopg.Connection, logs: Logs, site: Sequencer, made_up_entry: Entry
) -> None:
    first = logs.open()
    go_on(site)
    cosign(connection, WITNESSES[0])
    mine = made_up_entry()
    append(connection, first, [mine])
    go_on(site, 10)
    with connection.cursor() as cursor:
        data = read_site_proof(cursor, petition_id=first, leaf_hash=hash_leaf(mine))
    assert data is not None
    assert peek_checkpoint(Receipt.parse(data).checkpoint_bytes).size == 2


def test_no_site_s_log_no_files(connection: psycopg.Connection) -> None:
    with connection.cursor() as cursor:
        assert read_log_file(cursor, petition_id=SITE, path="checkpoint") is None
        assert read_log_key(cursor, petition_id=SITE) is None
