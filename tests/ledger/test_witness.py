"""What a witness decides: it cosigns what extends what it saw, and answers everything else as tlog-witness says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso.ledger.checkpoint import Checkpoint, peek_checkpoint, read_head, sign_checkpoint
from maninso.ledger.errors import LedgerError
from maninso.ledger.merkle import prove_consistency
from maninso.ledger.note import SignedNote, SignerKey, VerifierKey, open_note, sign_note
from maninso.ledger.proof import open_cosignatures
from maninso.ledger.witness import AddRequest, decide_request, name_state, read_cosignatures

WITNESS = SignerKey("witness.example/w", b"w" * 32)
TIME = 1_700_000_000


class Kept:
    """A witness that keeps what it cosigned in memory."""

    def __init__(self, *keys):
        self.logs = {}
        for key in keys:
            self.logs.setdefault(key.name, []).append(key)
        self.known = {}

    def ask(self, body):
        decision = decide_request(body, logs=self.logs, read_known=self.known.get, signer=WITNESS, time=TIME)
        if decision.cosigned:
            checkpoint = peek_checkpoint(decision.cosigned)
            self.known[checkpoint.origin] = checkpoint
        return decision


def request(log, old, size=None, checkpoint=None, proof=None):
    size = len(log.entries) if size is None else size
    proof = prove_consistency(old, size, log.read_hashes) if proof is None and old <= size else proof or []
    return AddRequest(old, tuple(proof), checkpoint or log.checkpoint(size)).render()


@pytest.fixture
def kept(log):
    return Kept(log.signer.verifier)


def test_it_cosigns_what_extends_what_it_saw(log, kept):
    for old, size in [(0, 1), (1, 200), (200, 256), (256, 300), (300, 300)]:
        decision = kept.ask(request(log, old, size))
        assert decision.status == 200
        line, time = read_cosignatures(
            decision.body.encode(), peek_checkpoint(log.checkpoint(size)).render(), WITNESS.cosigner
        )
        assert (line.name, time) == (WITNESS.name, TIME)
        (cosigned,) = open_cosignatures(decision.cosigned, [WITNESS.cosigner])
        assert cosigned.time == TIME
        assert [each.name for each in SignedNote.parse(decision.cosigned).signatures] == [log.origin, WITNESS.name]
    assert kept.known[log.origin].size == 300


def test_an_empty_log_can_be_cosigned(log, kept):
    assert kept.ask(request(log, 0, 0)).status == 200
    assert kept.ask(request(log, 0, 5)).status == 200


def test_it_says_what_it_knows(log, kept):
    kept.ask(request(log, 0, 200))
    for old, size in [(0, 300), (199, 300), (100, 150), (0, 200)]:
        decision = kept.ask(request(log, old, size))
        assert (decision.status, decision.content_type, decision.body) == (409, "text/x.tlog.size", "200\n")
        assert decision.cosigned is None
    assert Kept(log.signer.verifier).ask(request(log, 7, 300)).body == "0\n"


def test_it_never_goes_back(log, kept):
    kept.ask(request(log, 0, 200))
    assert kept.ask(request(log, 200, 150)).status == 400
    assert kept.ask(request(log, 150, 150)).status == 409
    assert kept.known[log.origin].size == 200


def test_it_cosigns_no_fork(make_log, log, kept, tmp_path):
    other = make_log(folder=tmp_path / "other").begin().sign(*range(2, 301))
    kept.ask(request(log, 0, 200))
    assert kept.ask(request(other, 200, 300)).status == 422
    assert kept.ask(request(other, 200, 200)).status == 409
    assert kept.ask(request(other, 200, 300, proof=prove_consistency(200, 300, log.read_hashes))).status == 422
    assert kept.known[log.origin].root == peek_checkpoint(log.checkpoint(200)).root


def test_a_bad_proof_is_unprocessable(log, kept):
    assert kept.ask(request(log, 0, 200, proof=[bytes(32)])).status == 422
    assert kept.known == {}
    kept.ask(request(log, 0, 200))
    good = prove_consistency(200, 300, log.read_hashes)
    for bad in ([], good[:-1], [*good, bytes(32)], [bytes(32), *good[1:]], good[::-1]):
        assert kept.ask(request(log, 200, 300, proof=bad)).status == 422
    assert kept.ask(request(log, 200, 300)).status == 200
    assert kept.ask(request(log, 300, 300, proof=[bytes(32)])).status == 422


def test_it_knows_its_logs_and_their_keys(make_log, log, tmp_path):
    stranger = make_log("elsewhere.example/log", folder=tmp_path / "b").sign(1, 2)
    impostor = make_log(folder=tmp_path / "c", seed=b"x" * 32).sign(1, 2)
    kept = Kept(log.signer.verifier)
    assert kept.ask(request(stranger, 0)).status == 404
    assert kept.ask(request(impostor, 0)).status == 403
    assert Kept(log.signer.verifier, impostor.signer.verifier).ask(request(impostor, 0)).status == 200


def test_signatures_of_others_are_left_out(log, kept):
    checkpoint = peek_checkpoint(log.checkpoint(200))
    note = SignedNote.parse(log.checkpoint(200))
    others = [SignerKey(f"other.example/{n}", b"o" * 32).cosign(note.text, time=1) for n in range(5)]
    data = SignedNote(note.text, (*others, *note.signatures)).render()
    decision = kept.ask(request(log, 0, 200, checkpoint=data))
    assert decision.status == 200
    assert [each.name for each in SignedNote.parse(decision.cosigned).signatures] == [log.origin, WITNESS.name]
    assert peek_checkpoint(decision.cosigned) == checkpoint


def test_a_false_signature_beside_a_right_one_is_refused(log, kept):
    note = SignedNote.parse(log.checkpoint(200))
    (line,) = note.signatures
    false = type(line)(line.name, line.key_id, bytes(64))
    assert kept.ask(request(log, 0, 200, checkpoint=SignedNote(note.text, (false, line)).render())).status == 403


@pytest.mark.parametrize(
    "change",
    [
        lambda body: b"",
        lambda body: body[1:],
        lambda body: body.replace(b"old 0\n", b"old 00\n"),
        lambda body: body.replace(b"old 0\n", b"old +0\n"),
        lambda body: body.replace(b"old 0\n", b"old  0\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\r\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\nAAAA\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"=\n" + b"A" * 42 + b"B=\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\n" + (b"A" * 43 + b"=\n") * 64),
        lambda body: body[:-1],
        lambda body: body + b"\n",
        lambda body: body.replace(b"\n\n", b"\n", 1),
    ],
)
def test_what_is_not_spelt_as_it_must_be_is_a_bad_request(log, kept, change):
    body = request(log, 0, 200)
    assert kept.ask(change(body)).status == 400
    assert kept.ask(body).status == 200


def test_63_hashes_are_read(log):
    body = AddRequest(1, (bytes(32),) * 63, log.checkpoint()).render()
    assert len(AddRequest.parse(body).proof) == 63


def test_requests_are_canonical(log):
    checkpoint = log.checkpoint()

    @given(st.integers(0, 1 << 48), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
    def round_trip(old, proof):
        parsed = AddRequest(old, tuple(proof), checkpoint)
        assert AddRequest.parse(parsed.render()) == parsed

    round_trip()


def test_the_published_example_is_cosigned(examples):
    old = peek_checkpoint((examples / "checkpoint.4").read_bytes())
    fifth = (examples / "tile/0/000.p/5").read_bytes()[-32:]
    body = AddRequest(4, (fifth,), (examples / "checkpoint").read_bytes()).render()
    start = f"old 4\nGIZ0d11z0jA1Be0Mwrj3GrLXgvE5J4g1C/fvwru9G6Y=\n\n{old.origin}\n5\n"
    assert body.startswith(start.encode())
    kept = Kept(VerifierKey.parse((examples / "vkey").read_text().strip()))
    kept.known[old.origin] = old
    assert kept.ask(body).status == 200


def test_the_state_s_name_is_the_published_one():
    digest = name_state("petitions.example/log")
    assert (digest[:8], digest[-4:]) == ("61497f4b", "32ab")


def test_an_answer_is_believed_only_with_the_witness_s_own_line(log):
    text = peek_checkpoint(log.checkpoint(200)).render()
    right = WITNESS.cosign(text, time=5).render() + "\n"
    other = SignerKey("witness.example/other", b"o" * 32).cosign(text, time=5).render() + "\n"
    assert read_cosignatures((other + right).encode(), text, WITNESS.cosigner)[1] == 5
    false = WITNESS.cosign(text + "x\n", time=5).render() + "\n"
    for body in (b"", other.encode(), false.encode(), b"nonsense", right.encode()[:-1], b"\n" + right.encode()):
        with pytest.raises(LedgerError):
            read_cosignatures(body, text, WITNESS.cosigner)


def test_checkpoints_of_several_logs_are_kept_apart(make_log, log, tmp_path):
    other = make_log("other.example/log", folder=tmp_path / "other").sign(1, 2, 3)
    kept = Kept(log.signer.verifier, other.signer.verifier)
    assert kept.ask(request(log, 0, 200)).status == 200
    assert kept.ask(request(other, 0, 2)).status == 200
    assert kept.ask(request(log, 200, 300)).status == 200
    assert {origin: point.size for origin, point in kept.known.items()} == {log.origin: 300, other.origin: 2}


def test_a_checkpoint_of_another_size_with_the_same_root_is_refused(log, kept):
    kept.ask(request(log, 0, 200))
    root = peek_checkpoint(log.checkpoint(200)).root
    false = sign_checkpoint(Checkpoint(log.origin, 201, root), log.signer)
    assert kept.ask(request(log, 200, 201, checkpoint=false)).status == 422


def test_a_checkpoint_with_extension_lines_is_cosigned_as_it_is(log, kept):
    """Other logs may have some; they are opaque, and part of what is cosigned (tlog-checkpoint, tlog-cosignature)."""
    plain = Checkpoint.parse(SignedNote.parse(log.checkpoint()).text)
    text = plain.render() + "made on Thursday\nand witnessed\n"
    body = request(log, 0, checkpoint=sign_note(text, [log.signer]))
    assert AddRequest.parse(body).render() == body
    decision = decide_request(body, logs=kept.logs, read_known=kept.known.get, signer=WITNESS, time=TIME)
    assert decision.status == 200
    assert SignedNote.parse(decision.cosigned).text == text
    assert open_note(decision.cosigned, [WITNESS.cosigner]).verified[0].time == TIME
    assert read_head(text) == plain


@pytest.mark.parametrize("text", ["{}\n", "{}a\n\n", "{}\na\n", "\n{}", "{}a\n\nb\n"])
def test_a_checkpoint_with_an_empty_line_is_none(log, kept, text):
    malformed = text.format(SignedNote.parse(log.checkpoint()).text)
    with pytest.raises(LedgerError) as refusal:
        read_head(malformed)
    assert refusal.value.reason == "malformed-checkpoint"
    head = AddRequest(0, (), log.checkpoint()).render().partition(b"\n\n")[0] + b"\n\n"
    assert kept.ask(head + sign_note(malformed, [log.signer])).status == 400
