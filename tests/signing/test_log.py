"""What a log serves: every tile and bundle of every size it had, receipts that verify, nothing else."""

from collections.abc import Callable

import psycopg
import pytest
from tests.signing.conftest import HOST, NOW, Logs
from tests.signing.test_sequencer import append, leaves

from maninso.ledger.entries import Sign
from maninso.ledger.merkle import hash_leaf, hash_leaves
from maninso.ledger.proof import verify_receipt
from maninso.ledger.tiles import TilePath, pack_bundle, tile_paths
from maninso.signing.keys import LogKey, name_log
from maninso.signing.log import find_leaf, read_log_file, read_log_key
from maninso.signing.sequencer import Sequencer


def read(connection: psycopg.Connection, petition: int, path: str) -> bytes | None:
    with connection.cursor() as cursor:
        file = read_log_file(cursor, petition_id=petition, path=path)
    return None if file is None else file.body


def test_every_file_of_every_size(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Callable[..., bytes]
) -> None:
    petition = logs.open()
    sequencer = Sequencer(connection, log_key.sign_as)
    sizes = []
    for number in (0, 1, 198, 300, 14):
        append(connection, petition, [made_up_entry() for _ in range(number)])
        sequencer.catch_up(now=NOW)
        sizes.append(len(leaves(connection, petition)))
    everything = leaves(connection, petition)
    hashes = hash_leaves(everything)
    for size in sizes:
        for path in tile_paths(size):
            first = path.index * 256
            if path.level == "entries":
                expected = pack_bundle(everything[first : first + path.width])
            elif path.level == 0:
                expected = b"".join(hashes[first : first + path.width])
            else:
                continue  # the root test of the sequencer covers the levels above
            assert read(connection, petition, path.render()) == expected


def test_levels_above(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Callable[..., bytes]
) -> None:
    from maninso.ledger.merkle import root_of

    petition = logs.open()
    append(connection, petition, [made_up_entry() for _ in range(256 * 3 + 9)])
    Sequencer(connection, log_key.sign_as).catch_up(now=NOW)
    hashes = hash_leaves(leaves(connection, petition))
    roots = [root_of(hashes[256 * n : 256 * n + 256]) for n in range(3)]
    for width in (1, 2, 3):
        assert read(connection, petition, TilePath(1, 0, width).render()) == b"".join(roots[:width])


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/000",
        "tile/0/000.p/6",
        "tile/0/000.p/0",
        "tile/0/001.p/1",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/000.p/6",
        "tile/00/000.p/1",
        "tile/0/0.p/1",
        "checkpoint/",
        "tile/0/000.p/5\n",
    ],
)
def test_no_other_file(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Callable[..., bytes], path: str
) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry() for _ in range(4)])
    Sequencer(connection, log_key.sign_as).catch_up(now=NOW)
    assert read(connection, petition, "tile/0/000.p/5") is not None
    assert read(connection, petition, path) is None


def test_no_log_before_the_first_checkpoint(connection: psycopg.Connection, logs: Logs) -> None:
    petition = logs.open()
    assert read(connection, petition, "checkpoint") is None
    assert read(connection, petition, "tile/0/000.p/1") is None
    assert read(connection, 1, "checkpoint") is None


def test_receipts_come_with_the_checkpoint_and_verify(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Callable[..., bytes]
) -> None:
    petition = logs.open()
    entries = [made_up_entry() for _ in range(600)]
    append(connection, petition, entries)
    with connection.cursor() as cursor:
        waiting = find_leaf(cursor, petition_id=petition, leaf_hash=hash_leaf(entries[4]))
        assert waiting is not None
        assert (waiting.index, waiting.receipt) == (5, None)
        Sequencer(connection, log_key.sign_as).catch_up(now=NOW)
        origin = name_log(HOST, petition)
        for number in (0, 255, 256, 599):
            found = find_leaf(cursor, petition_id=petition, leaf_hash=hash_leaf(entries[number]))
            assert found is not None
            assert found.receipt is not None
            receipt = verify_receipt(found.receipt, log_key.sign_as(origin).verifier)
            assert (receipt.index, receipt.entry) == (number + 1, Sign.parse(entries[number]))
        assert find_leaf(cursor, petition_id=petition, leaf_hash=bytes(32)) is None
        assert find_leaf(cursor, petition_id=petition + 1, leaf_hash=hash_leaf(entries[0])) is None


def test_key_of_a_log_is_that_of_its_checkpoint(connection: psycopg.Connection, logs: Logs, log_key: LogKey) -> None:
    petition = logs.open()
    with connection.cursor() as cursor:
        assert read_log_key(cursor, petition_id=petition) is None
        Sequencer(connection, log_key.sign_as).catch_up(now=NOW)
        assert read_log_key(cursor, petition_id=petition) == log_key.sign_as(name_log(HOST, petition)).verifier.render()
