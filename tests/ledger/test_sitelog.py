"""Entries of a site's log: canonical bytes, the published example, and the rules that a recount holds them to."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maninso.ledger.errors import LedgerError
from maninso.ledger.note import VerifierKey
from maninso.ledger.proof import open_cosignatures, verify_receipt
from maninso.ledger.sitelog import (
    MAX_NAMED,
    NamedCheckpoint,
    SiteEntry,
    SiteRecount,
    is_site_origin,
    split_origin,
)
from maninso.ledger.tiles import MAX_ENTRY_LENGTH, MAX_SIZE, unpack_bundle

ONE, TWO = b"1" * 32, b"2" * 32

named_checkpoints = st.builds(
    NamedCheckpoint, st.integers(1, (1 << 64) - 1), st.integers(1, MAX_SIZE), st.binary(min_size=32, max_size=32)
)


@given(st.integers(0, (1 << 32) - 1), st.lists(named_checkpoints, max_size=20))
def test_entries_round_trip(time, named):
    entry = SiteEntry(time, tuple(named))
    data = entry.render()
    assert len(data) == 5 + 48 * len(named)
    assert SiteEntry.parse(data) == entry


@given(st.binary(max_size=110))
@example(b"\x10" + bytes(4))
@example(b"\x10" + bytes(4 + 48))
@example(b"\x10" + bytes(4 + 7) + b"\x01" + bytes(7) + b"\x01" + bytes(32))
def test_what_is_parsed_is_what_is_written(data):
    try:
        written = SiteEntry.parse(data).render()
    except LedgerError as error:
        written = data if error.reason == "malformed-entry" else b""
    assert written == data


def test_the_most_that_an_entry_names_fits_into_a_log():
    most = tuple(NamedCheckpoint(number, 1, ONE) for number in range(1, MAX_NAMED + 1))
    assert len(SiteEntry(0, most).render()) <= MAX_ENTRY_LENGTH
    assert SiteEntry.parse(SiteEntry(0, most).render()).named == most
    with pytest.raises(LedgerError, match="out of range"):
        SiteEntry(0, (*most, most[0]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x10",
        b"\x04" + bytes(4),
        b"\x10" + bytes(4) + bytes(47),
        b"\x10" + bytes(4) + bytes(8) + (1).to_bytes(8, "big") + ONE,
        b"\x10" + bytes(4) + (1).to_bytes(8, "big") + bytes(8) + ONE,
        b"\x10" + bytes(4) + (1).to_bytes(8, "big") + (MAX_SIZE + 1).to_bytes(8, "big") + ONE,
    ],
    ids=["empty", "no time", "another type", "a checkpoint cut off", "petition 0", "size 0", "too large"],
)
def test_what_is_no_entry_is_refused(data):
    with pytest.raises(LedgerError) as caught:
        SiteEntry.parse(data)
    assert caught.value.reason == "malformed-entry"


def test_the_published_example(examples):
    site = examples / "site"
    entries = unpack_bundle((site / "tile/entries/000.p/2").read_bytes(), 2)
    parsed = [SiteEntry.parse(data) for data in entries]
    assert [entry.render() for entry in parsed] == entries
    assert [(each.petition_id, each.size) for entry in parsed for each in entry.named] == [
        (269110, 4),
        (269110, 5),
        (269111, 1),
    ]
    key = VerifierKey.parse((examples / "site.vkey").read_text().strip())
    witness = VerifierKey.parse((examples / "witness.vkey").read_text().strip())
    receipt = verify_receipt((site / "receipt-1.tlog-proof").read_bytes(), key, witnesses=[witness])
    assert (receipt.index, receipt.entry.render()) == (1, entries[1])
    assert [(each.key.name, each.time) for each in receipt.witnesses] == [("witness.example/w1", 1_700_000_000)]
    assert len(open_cosignatures((site / "checkpoint").read_bytes(), [witness])) == 1


def recount(*entries, keep=None):
    site = SiteRecount(keep)
    site.add_entries(0, [entry if isinstance(entry, bytes) else entry.render() for entry in entries])
    return site


def entry(time, *named):
    return SiteEntry(time, tuple(NamedCheckpoint(*each) for each in named))


def test_a_rightful_log_is_counted():
    site = recount(entry(5, (1, 1, ONE), (2, 9, TWO)), entry(5, (1, 1, ONE)), entry(9, (1, 4, TWO)))
    assert site.problems == []
    assert (site.entries, site.named, site.first_time, site.last_time) == (3, 4, 5, 9)
    assert site.latest == {1: (4, TWO), 2: (9, TWO)}
    assert site.points_of(1) == [(1, ONE), (1, ONE), (4, TWO)]
    assert recount(entry(5, (1, 1, ONE), (2, 9, TWO)), keep=frozenset({2})).points_of(1) == []


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([entry(5, (1, 4, ONE)), entry(6, (1, 3, ONE))], "shrunk"),
        ([entry(5, (1, 4, ONE)), entry(6, (1, 4, TWO))], "fork"),
        ([entry(5, (1, 4, ONE), (1, 4, TWO))], "fork"),
        ([entry(5, (1, 4, ONE)), entry(4, (2, 4, ONE))], "false-event"),
        ([b"\x10short"], "malformed-entry"),
    ],
    ids=["shrinks", "forks", "forks in one entry", "time falls", "malformed"],
)
def test_each_broken_rule_has_its_reason(entries, reason):
    assert [problem.reason.value for problem in recount(*entries).problems] == [reason]


def test_problems_are_listed_a_hundred_times_at_most():
    assert len(recount(*[b"x"] * 500).problems) == 100


@pytest.mark.parametrize(
    ("origin", "site", "parts"),
    [
        ("petitions.example/log", True, None),
        ("petitions.example:8000/log", True, None),
        ("petitions.example/p/7/log", False, ("petitions.example/log", 7)),
        ("petitions.example/p/07/log", False, None),
        ("/log", False, None),
        ("petitions.example/x/log", False, None),
        ("petitions.example/log/", False, None),
    ],
)
def test_names_of_logs(origin, site, parts):
    assert is_site_origin(origin) is site
    assert split_origin(origin) == parts
