"""Batches of voids: proposed by one, approved by another, carried out once, stopped midway, undone; all in public."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from maninso.ledger.entries import Reinstate, Void, parse_entry
from maninso.ledger.recount import Recount
from maninso.petitions.access import find_petition
from maninso.petitions.audit import verify_audit
from maninso.petitions.integrity import (
    BatchError,
    BatchView,
    NoSignatureError,
    NotOpenError,
    SamePersonError,
    Selection,
    SelectionError,
    UnknownBatchError,
    approve_batch,
    batches,
    cancel_batch,
    list_batches,
    propose_batch,
    read_batch,
    read_standing,
    read_voids,
    run_batch,
    withdraw_signature,
)
from maninso.petitions.lifecycle import Actor, RoleError, TextError, UnknownPetitionError, close_petition
from maninso.petitions.models import AuditRecord, VoidBatch
from maninso.signing.voids import WITHDRAWN_DECISION

pytestmark = pytest.mark.django_db

ADA = Actor(role="operator", name="ada@example.org")
BO = Actor(role="operator", name="bo@example.org")
TEXT = "These signatures came from one automated script."


@pytest.fixture
def signed(opened: Callable[..., int], sign: Any, sequence: Any, now: dt.datetime) -> int:
    """An open petition with six signatures, leaves 1 to 7 but for leaf 4: it and leaf 8 tell of thresholds met."""
    petition_id = opened()
    sign(petition_id, "Ada", "Bo", "Cy")
    sequence(now)
    sign(petition_id, "Di", "Ed", region=2)
    sign(petition_id, "Flo")
    sequence(now)
    return petition_id


@pytest.fixture
def propose(signed: int, now: dt.datetime) -> Callable[..., BatchView]:
    def make(**given: Any) -> BatchView:
        return propose_batch(
            **{
                "petition_id": signed,
                "reason": 3,
                "text": TEXT,
                "selection": Selection(leaves=(1, 2)),
                "actor": ADA,
                "now": now,
                **given,
            }
        )

    return make


def approved(batch: BatchView, now: dt.datetime) -> int:
    return approve_batch(batch.batch_id, actor=BO, now=now).batch_id


def recorded(petition_id: int) -> list[tuple[str, str]]:
    """Return the steps that the office's record has of a petition, after its chain was checked."""
    assert verify_audit().wrong is None
    rows = AuditRecord.objects.filter(subject=f"petition/{petition_id}").order_by("number")
    return list(rows.values_list("action", "actor"))


def recounted(petition_id: int, log_entries: Callable[[int], list[bytes]]) -> tuple[int, int, int, int]:
    """Recount the log as an outsider does; signatures, voids, reinstatements and the count."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT origin FROM signing_gate WHERE petition_id = %s", [petition_id])
        recount = Recount(cursor.fetchone()[0])
    recount.add_entries(0, log_entries(petition_id))
    tally = recount.finish()
    assert recount.problems == []
    return tally.signatures, tally.voids, tally.reinstated, tally.count


def test_proposed_approved_run_and_counted_once(
    propose: Callable[..., BatchView], signed: int, sequence: Any, log_entries: Any, now: dt.datetime
) -> None:
    batch = propose()
    assert (batch.state, batch.found, batch.decision) == ("proposed", 2, None)
    assert recounted(signed, log_entries) == (6, 0, 0, 6)
    batch = approve_batch(batch.batch_id, actor=BO, now=now)
    assert (batch.state, batch.leaves) == ("approved", 2)
    assert recounted(signed, log_entries) == (6, 0, 0, 6)
    done: list[tuple[int, int]] = []
    batch = run_batch(batch.batch_id, now=now, progress=lambda number, of: done.append((number, of)))
    assert (batch.state, batch.done, done) == ("done", 2, [(2, 2)])
    assert recorded(signed) == [
        ("voids-proposed", "ada@example.org"),
        ("voids-approved", "bo@example.org"),
        ("voids-done", ""),
    ]
    assert batch.decision is not None
    assert json.loads(batch.decision) == {
        "approved_by": "operator",
        "batch": batch.batch_id,
        "decision": "void",
        "leaves": 2,
        "petition": signed,
        "reason": 3,
        "text": TEXT,
        "undoes": None,
    }
    digest = hashlib.sha256(batch.decision).digest()
    entries = [parse_entry(entry) for entry in log_entries(signed)[-2:]]
    assert entries == [Void(3, 0, 1, digest), Void(3, 0, 2, digest)]
    sequence(now)
    assert recounted(signed, log_entries) == (6, 2, 0, 4)
    view = find_petition(signed, now=now)
    assert view is not None
    assert (view.count, dict(view.signatures_by_region)) == (4, {"KR-11": 2, "KR-26": 2})
    assert run_batch(batch.batch_id, now=now).done == 2  # run once more: nothing changes
    assert recounted(signed, log_entries) == (6, 2, 0, 4)


def test_the_conditions_are_counted_first(propose: Callable[..., BatchView]) -> None:
    assert propose(selection=Selection(regions=(2,))).found == 2
    assert propose(selection=Selection(regions=(1,), assurances=(1,))).found == 4
    assert propose(selection=Selection(first_bucket=1)).found == 0
    assert propose(selection=Selection(leaves=(0, 1, 4, 99))).found == 1


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"selection": Selection()}, SelectionError),
        ({"selection": Selection(leaves=())}, SelectionError),
        ({"selection": Selection(assurances=(4,))}, SelectionError),
        ({"selection": Selection(first_bucket=-1)}, SelectionError),
        ({"selection": None}, SelectionError),
        ({"undoes": 1}, SelectionError),
        ({"selection": None, "undoes": 10**9}, UnknownBatchError),
        ({"reason": 1}, Exception),
        ({"reason": 7}, Exception),
        ({"text": " "}, Exception),
        ({"text": "\0"}, TextError),
        ({"petition_id": 10**9}, UnknownPetitionError),
        ({"petition_id": -1}, UnknownPetitionError),
        ({"actor": Actor(role="operator")}, Exception),
        ({"actor": Actor(role="creator", name="ada@example.org")}, RoleError),
    ],
)
def test_what_cannot_be_proposed(
    propose: Callable[..., BatchView], given: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        propose(**given)
    assert list_batches() == ()


def test_whoever_proposed_does_not_approve(propose: Callable[..., BatchView], now: dt.datetime) -> None:
    batch = propose()
    for name in ("ada@example.org", " ADA@example.org "):
        with pytest.raises(SamePersonError):
            approve_batch(batch.batch_id, actor=Actor(role="operator", name=name), now=now)
    with pytest.raises(RoleError):
        approve_batch(batch.batch_id, actor=Actor(role="moderator", name="cy@example.org"), now=now)
    assert read_batch(batch.batch_id).state == "proposed"


def test_only_what_is_approved_runs_and_only_what_is_proposed_is_approved(
    propose: Callable[..., BatchView], now: dt.datetime
) -> None:
    batch_id = propose().batch_id
    with pytest.raises(BatchError, match="is proposed"):
        run_batch(batch_id, now=now)
    approve_batch(batch_id, actor=BO, now=now)
    with pytest.raises(BatchError, match="is approved"):
        approve_batch(batch_id, actor=BO, now=now)
    nobody = propose(selection=Selection(first_bucket=1)).batch_id
    with pytest.raises(BatchError, match="is left"):
        approve_batch(nobody, actor=BO, now=now)
    for act in (lambda: run_batch(10**9, now=now), lambda: read_batch(10**9)):
        with pytest.raises(UnknownBatchError):
            act()


def test_cancelled_midway_and_resumed(
    propose: Callable[..., BatchView],
    signed: int,
    log_entries: Any,
    now: dt.datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "MOST_IN_A_CHUNK", 2)
    batch_id = approved(propose(selection=Selection(regions=(1, 2))), now)
    batch = run_batch(batch_id, now=now, most=1)
    assert (batch.state, batch.done, batch.leaves) == ("running", 2, 6)
    batch = run_batch(batch_id, now=now, most=1)  # interrupted, taken up again
    assert (batch.state, batch.done) == ("running", 4)
    assert cancel_batch(batch_id, actor=BO, now=now).state == "cancelled"
    assert recorded(signed)[2:] == [("voids-stopped", "bo@example.org")]
    cancel_batch(propose(selection=Selection(leaves=(6,))).batch_id, actor=BO, now=now)
    assert recorded(signed)[3:] == [("voids-proposed", "ada@example.org"), ("voids-refused", "bo@example.org")]
    assert run_batch(batch_id, now=now).done == 4
    assert recounted(signed, log_entries) == (6, 4, 0, 2)
    with pytest.raises(BatchError, match="is cancelled"):
        cancel_batch(batch_id, actor=BO, now=now)


def test_later_signatures_are_not_touched_but_who_comes_back_is(
    propose: Callable[..., BatchView], signed: int, sign: Any, log_entries: Any, now: dt.datetime
) -> None:
    withdraw_leaf_of(signed, 1, log_entries, now=now)
    batch_id = approved(propose(selection=Selection(regions=(1,))), now)
    sign(signed, "Gil")
    with connection.cursor() as cursor:  # the gate is asked by the database's clock
        cursor.execute("UPDATE signing_gate SET closes_at = now() + '1 day' WHERE petition_id = %s", [signed])
        again = log_entries(signed)[1][:22] + bytes(32)
        cursor.execute(
            "SELECT returned FROM signing_take(ARRAY[%s]::bigint[], %s, '', '{0}', '\\x00')", [signed, again]
        )
        assert cursor.fetchall() == [(True,)]
    batch = run_batch(batch_id, now=now)
    assert (batch.leaves, batch.done, batch.state) == (4, 4, "done")
    assert recounted(signed, log_entries) == (7, 5, 1, 3)  # Di, Ed and Gil


def withdraw_leaf_of(petition_id: int, leaf: int, log_entries: Any, *, now: dt.datetime) -> bytes:
    digest = hashlib.sha256(b"\0" + log_entries(petition_id)[leaf]).digest()
    assert withdraw_signature(petition_id, digest, now=now) is True
    return digest


def test_undone(
    propose: Callable[..., BatchView], signed: int, sequence: Any, log_entries: Any, now: dt.datetime
) -> None:
    first = approved(propose(selection=Selection(leaves=(1, 2, 3))), now)
    run_batch(first, now=now)
    undo = propose(selection=None, undoes=first, reason=6, text="The script was a library's shared computer.")
    assert undo.found == 3
    batch = run_batch(approved(undo, now), now=now)
    assert (batch.state, batch.done) == ("done", 3)
    assert batch.decision is not None
    assert [parse_entry(entry) for entry in log_entries(signed)[-3:]] == [
        Reinstate(6, 0, void, hashlib.sha256(batch.decision).digest()) for void in (9, 10, 11)
    ]
    sequence(now)
    assert recounted(signed, log_entries) == (6, 3, 3, 6)
    with pytest.raises(SelectionError):
        propose(selection=None, undoes=batch.batch_id)  # what undoes is not undone: void again instead


def test_the_public_record(
    propose: Callable[..., BatchView], signed: int, sequence: Any, log_entries: Any, now: dt.datetime
) -> None:
    batch_id = approved(propose(), now)
    run_batch(batch_id, now=now)
    withdraw_leaf_of(signed, 3, log_entries, now=now)
    record = read_voids(signed, page=1, per_page=50)
    assert record is not None
    assert (record.total, record.entries) == (0, ())  # no checkpoint covers them yet
    sequence(now)
    record = read_voids(signed, page=9, per_page=2)
    assert record is not None
    assert (record.page, record.pages, record.total, record.withdrawn) == (2, 2, 3, 1)
    assert (record.signatures, record.voids, record.reinstated, record.count) == (6, 3, 0, 3)
    assert [(entry.leaf, entry.signature, entry.effect, entry.batch_id) for entry in record.entries] == [
        (9, 1, -1, batch_id)
    ]
    record = read_voids(signed, page=1, per_page=2)
    assert record is not None
    assert [(entry.signature, entry.reason, entry.batch_id, entry.at) for entry in record.entries] == [
        (3, 1, None, now),
        (2, 3, batch_id, now),
    ]
    (decision,) = record.decisions
    assert (decision.text, decision.state, decision.reason_words["en"]) == (TEXT, "done", "forged or automated")
    assert read_voids(10**9, page=1, per_page=2) is None


def test_withdrawn_and_how_it_stands(
    propose: Callable[..., BatchView], signed: int, log_entries: Any, sequence: Any, now: dt.datetime
) -> None:
    leaf_hash = withdraw_leaf_of(signed, 1, log_entries, now=now)
    assert withdraw_signature(signed, leaf_hash, now=now) is False
    standing = read_standing(signed, leaf_hash, now=now)
    assert standing is not None
    assert (standing.counts, standing.by_signer, standing.void, standing.may_withdraw) == (False, True, 9, False)
    assert standing.reason["en"] == "withdrawn by the signer"
    entry = parse_entry(log_entries(signed)[9])
    assert entry == Void(1, 0, 1, hashlib.sha256(WITHDRAWN_DECISION).digest())
    other = hashlib.sha256(b"\0" + log_entries(signed)[2]).digest()
    standing = read_standing(signed, other, now=now)
    assert standing is not None
    assert (standing.counts, standing.may_withdraw, standing.reason) == (True, True, {})
    close_petition(signed, now=now + dt.timedelta(days=1))
    with pytest.raises(NotOpenError):
        withdraw_signature(signed, other, now=now + dt.timedelta(days=1))
    for leaf in (bytes(32), hashlib.sha256(b"\0" + log_entries(signed)[0]).digest()):
        assert read_standing(signed, leaf, now=now) is None
        with pytest.raises(NoSignatureError):
            withdraw_signature(signed, leaf, now=now)


APPROVED = [
    ("void_batch_frozen", "text = 'Something else'"),
    ("void_batch_frozen", "conditions = '{\"regions\": [1]}'"),
    ("void_batch_frozen", "leaves = 9"),
    ("void_batch_frozen", "decision = 'other'"),
    ("void_batch_moves", "state = 'proposed'"),
    ("void_batch_moves", "state = 'done', ended_at = now()"),
    ("void_batch_done", "done = 3, next_leaf = 5"),
    ("void_batch_ended_when", "ended_at = now()"),
    ("void_batch_ended_when", "state = 'cancelled'"),
]
STORED: list[tuple[str, dict[str, Any]]] = [
    ("void_batch_state_known", {"state": "adrift"}),
    ("void_batch_reason", {"reason": 1}),
    ("void_batch_said", {"text": ""}),
    ("void_batch_conditions", {"conditions": {}}),
    ("void_batch_two_people", {"approved_by": "ada"}),
    ("void_batch_roles_known", {"proposed_role": "king"}),
    ("void_batch_approved_whole", {"decision": None}),
    ("void_batch_approved_first", {"state": "proposed"}),
]


def test_every_constraint_of_batches_is_broken_here() -> None:
    named = {each.name for each in VoidBatch._meta.constraints}
    assert named | {"void_batch_frozen", "void_batch_moves"} == {name for name, _ in [*APPROVED, *STORED]}


@pytest.mark.parametrize(("constraint", "change"), APPROVED)
def test_an_approved_batch_refuses(
    propose: Callable[..., BatchView], now: dt.datetime, constraint: str, change: str
) -> None:
    batch_id = approved(propose(), now)
    assert broken_by(f"UPDATE petitions_voidbatch SET {change} WHERE id = {batch_id}") == constraint


def test_a_batch_is_never_deleted(propose: Callable[..., BatchView]) -> None:
    assert broken_by(f"DELETE FROM petitions_voidbatch WHERE id = {propose().batch_id}") == "void_batch_kept"


@pytest.mark.parametrize(("constraint", "spoilt"), STORED)
def test_no_such_batch_can_be_stored(signed: int, now: dt.datetime, constraint: str, spoilt: dict[str, Any]) -> None:
    sound: dict[str, Any] = {
        "petition_id": signed,
        "reason": 3,
        "text": TEXT,
        "conditions": {"leaves": [1]},
        "state": "approved",
        "proposed_at": now,
        "proposed_role": "operator",
        "proposed_by": "ada",
        "found": 1,
        "approved_at": now,
        "approved_role": "operator",
        "approved_by": "bo",
        "leaves": 1,
        "end": 9,
        "decision": b"d",
    }
    VoidBatch.objects.create(**sound)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        VoidBatch.objects.create(**{**sound, **spoilt})
    assert caught.value.__cause__.diag.constraint_name == constraint  # type: ignore[union-attr]


def test_nobody_withdraws_where_the_charter_forbids_it(
    make_charter: Any, opened: Callable[..., int], sign: Any, log_entries: Any, now: dt.datetime
) -> None:
    petition_id = opened(charter=make_charter('signatures = "raw"', 'signatures = "raw"\nwithdrawals = false'))
    sign(petition_id, "Ada")
    leaf = hashlib.sha256(b"\0" + log_entries(petition_id)[1]).digest()
    standing = read_standing(petition_id, leaf, now=now)
    assert standing is not None
    assert (standing.counts, standing.may_withdraw) == (True, False)
    with pytest.raises(NotOpenError):
        withdraw_signature(petition_id, leaf, now=now)


def broken_by(statement: str) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(caught.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]
