"""Signed notes and keys: only canonical bytes, and only by keys one knows."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso.ledger.errors import LedgerError
from maninso.ledger.note import (
    COSIGNATURE,
    ED25519,
    NoteSignature,
    SignedNote,
    SignerKey,
    VerifierKey,
    is_key_name,
    open_note,
    sign_note,
)

ALICE = SignerKey("alice.example/log", b"a" * 32)
BOB = SignerKey("bob.example/log", b"b" * 32)
TEXT = "alice.example/log\n5\nsome text\n"
NOTE = sign_note(TEXT, [ALICE])

NAMES = st.text(min_size=1, max_size=20).filter(lambda name: is_key_name(name) and name.isprintable())
TEXTS = st.text(alphabet=st.characters(codec="utf-8", min_codepoint=32), max_size=40)


def reason_of(data, keys=(ALICE.verifier,)):
    with pytest.raises(LedgerError) as refusal:
        open_note(data, keys)
    return refusal.value.reason


@given(
    st.lists(TEXTS, min_size=1, max_size=5), st.lists(st.tuples(NAMES, st.binary(min_size=5)), min_size=1, max_size=5)
)
def test_notes_round_trip(lines, signatures):
    note = SignedNote(
        "\n".join(lines) + "\n", tuple(NoteSignature(name, data[:4], data[4:]) for name, data in signatures)
    )
    assert SignedNote.parse(note.render()) == note


@given(st.integers(0, len(NOTE) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused(place, change):
    changed = bytearray(NOTE)
    changed[place] ^= change
    with pytest.raises(LedgerError):
        open_note(bytes(changed), [ALICE.verifier])


@given(st.integers(0, len(NOTE) - 1))
def test_any_cut_is_refused(length):
    with pytest.raises(LedgerError):
        open_note(NOTE[:length], [ALICE.verifier])


@given(st.binary(max_size=200))
def test_whatever_is_parsed_is_rendered_the_same(data):
    for candidate in (data, NOTE[:40] + data, NOTE + data):
        try:
            note = SignedNote.parse(candidate)
        except LedgerError:
            continue
        assert note.render() == candidate


def test_the_text_ends_at_the_last_empty_line():
    text = "first\n\nsecond\n\n"
    assert open_note(sign_note(text, [ALICE]), [ALICE.verifier]).text == text


def test_signatures_of_unknown_keys_are_ignored():
    assert open_note(sign_note(TEXT, [BOB, ALICE]), [ALICE.verifier]).verified[0].key == ALICE.verifier


def test_a_note_that_no_known_key_signed_is_refused():
    assert reason_of(sign_note(TEXT, [BOB])) == "wrong-key"
    assert reason_of(sign_note(TEXT, [SignerKey(ALICE.name, b"c" * 32)])) == "wrong-key"


def test_a_failing_signature_of_a_known_key_is_refused_beside_a_good_one():
    good, other = SignedNote.parse(NOTE).signatures[0], BOB.sign("another text\n")
    data = SignedNote(TEXT, (good, other)).render()
    assert open_note(data, [ALICE.verifier]).text == TEXT
    assert reason_of(data, [ALICE.verifier, BOB.verifier]) == "bad-signature"


@pytest.mark.parametrize("length", [1, 63, 65])
def test_a_signature_of_another_length_is_refused(length):
    line = NoteSignature(ALICE.name, ALICE.verifier.key_id, b"x" * length)
    assert reason_of(SignedNote(TEXT, (line,)).render()) == "bad-signature"


def test_sixteen_and_a_hundred_signatures_are_read_and_no_more():
    others = [SignerKey(f"witness{number}.example", bytes([number]) * 32) for number in range(101)]
    for number in (15, 99):
        data = sign_note(TEXT, [*others[:number], ALICE])
        assert len(open_note(data, [ALICE.verifier, *(key.verifier for key in others)]).verified) == number + 1
    assert reason_of(sign_note(TEXT, [*others[:100], ALICE])) == "malformed-note"


@pytest.mark.parametrize(
    "change",
    [
        (b"some text", b"some\ttext"),
        (b"some text", b"some\x00text"),
        (b"some text", b"some\r\ntext"),
        (b"some text", b"some\xff"),
        (b"\n\n", b"\n"),
        ("— ".encode(), "—  ".encode()),
        ("— ".encode(), b"- "),
        ("— ".encode(), "—\xa0".encode()),
        (b"alice.example/log ", b"ali+ce.example/log "),
        (b"alice.example/log ", "ali\u2003ce.example/log ".encode()),
    ],
)
def test_other_spellings_are_refused(change):
    before, _, after = NOTE.rpartition(change[0])
    assert NOTE.count(change[0])
    assert reason_of(before + change[1] + after) == "malformed-note"


def test_base64_has_one_spelling():
    line = NOTE.splitlines()[-1].decode()
    spelt = line.rpartition(" ")[2]
    assert spelt.endswith("=")
    last = spelt[-2]
    following = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    loose = spelt[:-2] + following[following.index(last) + 1] + "="
    for other in (loose, spelt[:-1], spelt + "=", spelt.replace("/", "_").replace("+", "-") + " ", spelt + "\n"):
        assert reason_of(NOTE.replace(spelt.encode(), other.encode())) == "malformed-note"
    short = b64encode(b"abcd").decode()
    assert reason_of(NOTE.replace(spelt.encode(), short.encode())) == "malformed-note"


def test_what_follows_the_signatures_is_refused():
    assert reason_of(NOTE + b"\n") == "malformed-note"
    assert reason_of(NOTE + b"more\n") == "malformed-note"
    assert reason_of(NOTE[:-1]) == "malformed-note"
    assert reason_of(TEXT.encode() + b"\n") == "malformed-note"
    assert reason_of(b"x" * 1_000_001) == "malformed-note"


def test_keys_round_trip():
    for key in (ALICE.verifier, VerifierKey("witness.example/w", COSIGNATURE, b"p" * 32)):
        assert VerifierKey.parse(key.render()) == key


@given(st.text(max_size=100))
def test_whatever_key_is_parsed_is_rendered_the_same(text):
    for candidate in (text, ALICE.verifier.render() + text, text + ALICE.verifier.render()):
        try:
            key = VerifierKey.parse(candidate)
        except LedgerError:
            continue
        assert key.render() == candidate


def test_malformed_keys_are_refused():
    vkey = ALICE.verifier.render()
    name, key_id, encoded = vkey.split("+", 2)
    others = [
        f"{name}+{key_id.upper()}+{encoded}" if key_id != key_id.upper() else f"{name}+{key_id}",
        f"{name}+00000000+{encoded}",
        f"{name}x+{key_id}+{encoded}",
        f"+{key_id}+{encoded}",
        f"{name}+{key_id}+{b64encode(bytes([2]) + b'p' * 32).decode()}",
        f"{name}+{key_id}+{b64encode(bytes([1]) + b'p' * 31).decode()}",
        f"{name}+{key_id}+",
        vkey + "\n",
    ]
    for other in others:
        with pytest.raises(LedgerError) as refusal:
            VerifierKey.parse(other)
        assert refusal.value.reason == "malformed-key"
        assert refusal.value.cure


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u3000b", "a\x01b"])
def test_names_with_spaces_plus_or_control_characters_are_refused(name):
    for make in (lambda: SignerKey(name, b"a" * 32), lambda: VerifierKey(name, ED25519, b"p" * 32)):
        with pytest.raises(LedgerError) as refusal:
            make()
        assert refusal.value.reason == "malformed-key"


def test_the_seed_has_32_bytes_and_never_shows():
    assert "a" * 10 not in repr(ALICE)
    with pytest.raises(LedgerError):
        SignerKey("alice.example", b"a" * 31)


def test_a_cosignature_fixes_its_time():
    witness = VerifierKey(BOB.name, COSIGNATURE, BOB.verifier.public_key)
    line = BOB.cosign(TEXT, time=1_700_000_000)
    data = SignedNote(TEXT, (line,)).render()
    assert open_note(data, [witness]).verified[0].time == 1_700_000_000
    later = NoteSignature(line.name, line.key_id, (1_700_000_001).to_bytes(8, "big") + line.signature[8:])
    assert reason_of(SignedNote(TEXT, (later,)).render(), [witness]) == "bad-signature"
    assert reason_of(data, [BOB.verifier]) == "wrong-key"


def test_a_cosignatures_time_has_63_bits():
    """tlog-cosignature: a timestamp must not exceed 2**63 - 1."""
    last = BOB.cosign(TEXT, time=(1 << 63) - 1)
    assert BOB.cosigner.verify(TEXT, last.signature).time == (1 << 63) - 1
    with pytest.raises(LedgerError) as refusal:
        BOB.cosigner.verify(TEXT, BOB.cosign(TEXT, time=1 << 63).signature)
    assert refusal.value.reason == "bad-signature"
