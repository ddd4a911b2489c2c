"""Entries: fixed bytes, canonical JSON, and a refusal of everything else."""

import json
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso.ledger.entries import (
    SIGN_LENGTH,
    VOID_REASONS,
    Event,
    Genesis,
    Reinstate,
    Sign,
    UnknownEntry,
    Void,
    parse_entry,
    render_sign,
)
from maninso.ledger.errors import LedgerError
from maninso.ledger.events import EVENT_FIELDS, QUORUM_FIELDS
from maninso.ledger.evidence import commit_evidence
from maninso.ledger.merkle import hash_leaf

U16 = st.integers(0, 0xFFFF)
DIGEST = st.binary(min_size=32, max_size=32)
HEX = DIGEST.map(bytes.hex)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.text(alphabet=st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="abcé ", max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
SIGNS = st.builds(Sign, st.integers(0, 3), U16, U16, st.binary(min_size=16, max_size=16), DIGEST)
CORRECTIONS = (st.integers(1, 255), U16, st.integers(0, 2**48), DIGEST)
GENESES = st.builds(
    Genesis,
    origin=st.just("petitions.example/p/7/log"),
    rules=HEX,
    text=HEX,
    opened=st.integers(0, 2**40),
    bucket=st.integers(600, 86_400),
    regions=st.lists(
        st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=6), unique=True, max_size=5
    ).map(lambda names: ("", *names)),
    key=HEX,
)
UNKNOWN_EVENTS = st.builds(
    Event,
    st.text(alphabet="abc ", max_size=9),
    st.dictionaries(st.text(alphabet="xyz", max_size=4), JSON, max_size=4),
)
ENTRIES = st.one_of(
    SIGNS,
    st.builds(Void, *CORRECTIONS),
    st.builds(Reinstate, *CORRECTIONS),
    GENESES,
    UNKNOWN_EVENTS,
    st.builds(UnknownEntry, st.binary(min_size=1, max_size=60).filter(lambda data: data[0] > 4)),
)

THRESHOLD = {"threshold": "answer", "needed": 200_000, "count": 200_000, "leaf": 200_003}
QUORUM = {"regions": {"AT": 14_400, "BE": 15_840}, "regions_needed": 2}
EXAMPLES = {
    "threshold": THRESHOLD,
    "threshold undone": {**THRESHOLD, "count": 199_999, "leaf": 200_417},
    "closed": {"at": 1_702_592_000, "count": 12},
    "extended": {"at": 1_702_592_000, "closes": 1_702_678_400},
    "answered": {"at": 1_702_592_000, "threshold": "", "response": "0" * 64},
    "answer taken back": {"at": 1_702_592_000, "threshold": "answer", "response": "0" * 64},
    "key destroyed": {"at": 1_702_592_000, "key": "f" * 64},
}


def reason_of(data):
    with pytest.raises(LedgerError) as refusal:
        parse_entry(data)
    return refusal.value.reason


def spell(body):
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@given(ENTRIES)
def test_entries_round_trip(entry):
    assert parse_entry(entry.render()) == entry


@given(ENTRIES.map(lambda entry: entry.render()), st.data())
def test_whatever_is_parsed_is_rendered_the_same(entry, data):
    place = data.draw(st.integers(0, len(entry) - 1))
    changed = entry[:place] + data.draw(st.binary(max_size=2)) + entry[place + 1 :]
    for candidate in (changed, entry[:place], entry + b"\x00"):
        try:
            parsed = parse_entry(candidate)
        except LedgerError:
            continue
        assert parsed.render() == candidate


@given(SIGNS)
def test_the_fast_rendering_of_a_signature_is_the_same(sign):
    data = render_sign(sign.method, sign.region, sign.bucket, sign.nullifier, sign.evidence)
    assert data == sign.render()
    assert len(data) == SIGN_LENGTH == 54


def test_the_layout_of_a_signature():
    data = Sign(3, 0x0102, 0x0304, b"n" * 16, b"e" * 32).render()
    assert data == bytes.fromhex("0103 0102 0304") + b"n" * 16 + b"e" * 32


def test_the_layout_of_a_void_and_its_undoing():
    assert Void(3, 144, 2, b"d" * 32).render() == bytes.fromhex("0203 0090 0000000000000002") + b"d" * 32
    assert Reinstate(6, 1, 258, b"d" * 32).render() == bytes.fromhex("0306 0001 0000000000000102") + b"d" * 32


def test_a_signature_with_an_unknown_assurance_or_another_length_is_refused():
    good = Sign(3, 0, 0, b"n" * 16, b"e" * 32).render()
    assert reason_of(good[:1] + b"\x04" + good[2:]) == "malformed-entry"
    assert reason_of(good[:-1]) == "malformed-entry"
    assert reason_of(good + b"\x00") == "malformed-entry"


@pytest.mark.parametrize(
    "fields",
    [
        (4, 0, 0, b"n" * 16, b"e" * 32),
        (-1, 0, 0, b"n" * 16, b"e" * 32),
        (0, 65_536, 0, b"n" * 16, b"e" * 32),
        (0, 0, 65_536, b"n" * 16, b"e" * 32),
        (0, 0, 0, b"n" * 15, b"e" * 32),
        (0, 0, 0, b"n" * 16, b"e" * 33),
    ],
)
def test_a_signature_out_of_range_cannot_be_made(fields):
    with pytest.raises(LedgerError):
        Sign(*fields)


def test_a_void_needs_a_reason_and_a_target_that_can_be():
    good = Void(1, 0, 2, b"d" * 32).render()
    assert reason_of(good[:1] + b"\x00" + good[2:]) == "malformed-entry"
    assert reason_of(good[:4] + b"\xff" * 8 + good[12:]) == "malformed-entry"
    assert reason_of(good[:-1]) == "malformed-entry"
    with pytest.raises(LedgerError):
        Void(1, 0, 2, b"d" * 31)
    assert set(VOID_REASONS) == {1, 2, 3, 4, 5, 6}


def test_an_entry_has_a_type():
    assert reason_of(b"") == "malformed-entry"
    assert parse_entry(b"\x05") == UnknownEntry(b"\x05")
    with pytest.raises(LedgerError):
        UnknownEntry(b"\x04{}")


GENESIS = Genesis("petitions.example/p/7/log", "0" * 64, "1" * 64, 1_700_000_000, 600, ("", "KR-11", "서울"), "2" * 64)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"v": "1"},
        {"bucket": 599},
        {"bucket": 86_401},
        {"bucket": True},
        {"bucket": "600"},
        {"opened": -1},
        {"opened": 2**40 + 1},
        {"opened": None},
        {"origin": "an origin"},
        {"origin": 5},
        {"rules": "0" * 63},
        {"rules": "A" * 64},
        {"text": 0},
        {"key": "g" * 64},
        {"regions": []},
        {"regions": ["KR-11"]},
        {"regions": ["", "KR-11", "KR-11"]},
        {"regions": ["", 5]},
        {"regions": {"": 1}},
        {"regions": ""},
        {"more": 1},
    ],
)
def test_a_first_entry_with_a_wrong_field_is_refused(change):
    body = {**json.loads(GENESIS.render()[1:]), **change}
    assert reason_of(b"\x00" + spell(body)) == "malformed-entry"


@pytest.mark.parametrize("name", ["v", "origin", "rules", "text", "opened", "bucket", "regions", "key"])
def test_a_first_entry_without_a_field_is_refused(name):
    body = json.loads(GENESIS.render()[1:])
    del body[name]
    assert reason_of(b"\x00" + spell(body)) == "malformed-entry"


@pytest.mark.parametrize(
    "data",
    [
        b"\x04",
        b"\x04{}",
        b"\x04[]",
        b"\x04null",
        b'\x04{"event":5}',
        b'\x04{"event": "x"}',
        b'\x04{"event":"x"} ',
        b'\x04{"event":"x","a":1}',
        b'\x04{"a":1,"a":1,"event":"x"}',
        b'\x04{"a":1.0,"event":"x"}',
        b'\x04{"a":1e3,"event":"x"}',
        b'\x04{"a":-0,"event":"x"}',
        b'\x04{"a":NaN,"event":"x"}',
        b'\x04{"a":"\\u00e9","event":"x"}',
        b'\x04{"a":"\\ud800","event":"x"}',
        b'\x04{"a":"\xff","event":"x"}',
        b'\x04\xef\xbb\xbf{"event":"x"}',
        b"\x04" + b"[" * 60_000,
        b'\x04{"a":' + b"1" * 5_000 + b',"event":"x"}',
        b"\x00",
        b"\x00[]",
        b"\x00{}",
        b"\x00\xff",
    ],
)
def test_json_has_one_spelling(data):
    assert reason_of(data) == "malformed-entry"


def test_an_event_in_korean_is_written_as_it_is():
    event = Event("notice", {"title": "횡단보도"})
    assert event.render() == b"\x04" + '{"event":"notice","title":"횡단보도"}'.encode()
    assert parse_entry(event.render()) == event


def test_every_known_event_has_an_example_here():
    assert set(EXAMPLES) == set(EVENT_FIELDS)


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_known_events_have_their_fields_and_no_others(name):
    body = EXAMPLES[name]
    assert parse_entry(Event(name, body).render()) == Event(name, body)
    for field in body:
        for wrong in ({**body, field: None}, {**body, field: -1}, {key: body[key] for key in body if key != field}):
            assert reason_of(b"\x04" + spell({"event": name, **wrong})) == "malformed-entry"
    assert reason_of(b"\x04" + spell({"event": name, **body, "more": 1})) == "malformed-entry"


def test_a_threshold_may_name_its_quorum_whole():
    assert Event("threshold", {**THRESHOLD, **QUORUM}).body["regions_needed"] == 2
    for part in QUORUM_FIELDS:
        with pytest.raises(LedgerError):
            Event("threshold", {**THRESHOLD, part: QUORUM[part]})
    for regions in ({}, {"": 5}, {"AT": -1}, ["AT"]):
        with pytest.raises(LedgerError):
            Event("threshold", {**THRESHOLD, "regions": regions, "regions_needed": 2})


def test_an_event_that_cannot_be_written_is_refused():
    for body in ({"a": "x" * 65_535}, {"a": "\ud800"}, {"a": float("nan")}, {"a": b"bytes"}):
        with pytest.raises(LedgerError):
            Event("notice", body).render()
    with pytest.raises(LedgerError):
        Event("notice", {"event": "another"})


def test_time_buckets_begin_at_the_opening_and_saturate():
    def at(seconds):
        return GENESIS.bucket_at(datetime.fromtimestamp(1_700_000_000 + seconds, UTC))

    assert [at(-5), at(0), at(599), at(600), at(10**9)] == [0, 0, 0, 1, 65_535]
    assert [GENESIS.day_of(bucket) for bucket in (0, 10, 11)] == ["2023-11-14", "2023-11-14", "2023-11-15"]


def test_evidence_is_committed_to_with_a_salt():
    assert commit_evidence(b"s" * 16 + b"record") == sha256(b"maninso/evidence/v1\x00" + b"s" * 16 + b"record").digest()
    with pytest.raises(ValueError, match="16"):
        commit_evidence(b"s" * 16)


def test_a_signature_is_hashed_in_one_block():
    assert 1 + SIGN_LENGTH + 9 == 64
    assert len(hash_leaf(b"x" * SIGN_LENGTH)) == 32
