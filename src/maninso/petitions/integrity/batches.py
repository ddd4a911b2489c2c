"""Decisions to take signatures out of a count: one person proposes, another approves, then it is carried out.

The conditions are counted before anything happens, and nothing is edited after it was proposed. A decision is carried
out in chunks, each a transaction of its own, so that it can be watched, stopped midway and taken up again. Its public
document is fixed when it is approved; the SHA-256 of that is in every entry that follows (docs/reference/ledger.md).
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction

from maninso import ManinsoError, UsageError
from maninso.ledger.canonical import render_json
from maninso.ledger.entries import VOID_REASONS
from maninso.petitions.audit import record_action
from maninso.petitions.lifecycle import SYSTEM, Actor, RoleError, UnknownPetitionError, clean_text
from maninso.petitions.models import SigningGate, SigningTree, VoidBatch
from maninso.signing.gate import lock_head
from maninso.signing.voids import (
    WITHDRAWN,
    Selection,
    count_selected,
    count_voided,
    next_selected,
    next_voided,
    reinstate_leaves,
    void_leaves,
)

APPROVERS = frozenset({"operator", "auditor"})
PROPOSERS = frozenset({"operator", "auditor", "moderator", "clerk"})
MOST_IN_A_CHUNK = 1_000  # the head is held that long, and signers wait
LONGEST_TEXT = 2_000  # characters

Progress = Callable[[int, int], None]


class BatchError(ManinsoError):
    """The batch is not in a state that allows this."""


class UnknownBatchError(ManinsoError):
    """There is no batch of that number."""


class SelectionError(UsageError):
    """Conditions that choose nothing, or that no petition can have."""


class SamePersonError(ManinsoError):
    """Whoever proposes a batch does not approve it."""


@dataclass(frozen=True, kw_only=True)
class BatchView:
    """One batch as the office sees it; `decision` is the public document, None until it is approved."""

    batch_id: int
    petition_id: int
    undoes: int | None
    reason: int
    text: str
    conditions: Mapping[str, Any]
    state: str
    proposed_at: dt.datetime
    proposed_by: str
    found: int
    approved_at: dt.datetime | None
    approved_by: str
    leaves: int | None
    done: int
    ended_at: dt.datetime | None
    decision: bytes | None


def propose_batch(
    *,
    petition_id: int,
    reason: int,
    text: str,
    selection: Selection | None = None,
    undoes: int | None = None,
    actor: Actor,
    now: dt.datetime,
) -> BatchView:
    """Store a proposal with the number of signatures that it would change now, and change nothing.

    Give a `selection` of signatures to void, or the number of a batch that is to be undone. Raises SelectionError for
    a selection without conditions, UsageError for a reason that is not the office's, TextError, RoleError.
    """
    _require(actor, PROPOSERS, "propose voids")
    if reason == WITHDRAWN or reason not in VOID_REASONS:
        known = ", ".join(f"{code} ({words})" for code, words in VOID_REASONS.items() if code != WITHDRAWN)
        raise UsageError(f"reason {reason} is not for the office to give", cure=f"give one of: {known}")
    text = clean_text("text", text, lines=True, most=LONGEST_TEXT)
    if not text:
        raise UsageError("text: it is empty", cure="say to the public why these signatures do not count")
    if not SigningTree.objects.filter(petition_id=petition_id, petition_id__gt=0).exists():
        raise UnknownPetitionError(petition_id)
    if undoes is not None and selection is None:
        undone = read_batch(undoes)
        if undone.petition_id != petition_id or undone.undoes is not None:
            raise SelectionError(f"batch {undoes} voided nothing of petition {petition_id}", cure="give one that did")
        conditions: dict[str, Any] = {}
    elif selection is not None and undoes is None:
        conditions = {name: value for name, value in asdict(selection).items() if value is not None}
        _check_selection(conditions)
    else:
        raise SelectionError("either signatures or a batch to undo", cure="give one of the two")
    batch = VoidBatch(
        petition_id=petition_id,
        undoes_id=undoes,
        reason=reason,
        text=text,
        conditions=conditions,
        proposed_at=now,
        proposed_role=actor.role,
        proposed_by=_name(actor),
    )
    batch.found = _count(batch, end=_read_size(petition_id))
    with transaction.atomic():
        batch.save()
        proposed = {"reason": reason, "text": text, "undoes": undoes, "found": batch.found}
        _record(batch, "voids-proposed", actor, {}, {**proposed, "conditions": _list_tuples(conditions)}, now=now)
    return _view(batch)


def number_regions(petition_id: int, codes: Sequence[str]) -> tuple[int, ...]:
    """Return the log's numbers of regions given by code ("": not told). Raises SelectionError, UnknownPetitionError."""
    gate = SigningGate.objects.filter(petition_id=petition_id, petition_id__gt=0).first()
    if gate is None:
        raise UnknownPetitionError(petition_id)
    unknown = sorted(set(codes) - set(gate.regions))
    if unknown:
        known = ", ".join(code for code in gate.regions if code) or "none"
        raise SelectionError(f"petition {petition_id} does not count by {unknown[0]}", cure=f"its regions: {known}")
    return tuple(gate.regions.index(code) for code in codes)


def approve_batch(batch_id: int, *, actor: Actor, now: dt.datetime) -> BatchView:
    """Approve a proposal: fix how many signatures it may change, and its public document.

    Signatures made after this moment are not touched. Raises SamePersonError, RoleError; BatchError where it is not
    proposed any more, or would change nothing.
    """
    _require(actor, APPROVERS, "approve voids")
    with transaction.atomic():
        batch = _lock(batch_id)
        if batch.state != "proposed":
            raise BatchError(f"batch {batch_id} is {batch.state}", cure="only what is proposed can be approved")
        if _name(actor) == batch.proposed_by:
            raise SamePersonError(f"{_name(actor)} proposed batch {batch_id}", cure="let another person approve it")
        end = _read_size(batch.petition_id)
        leaves = _count(batch, end=end)
        if not leaves:
            raise BatchError(
                f"no signature that batch {batch_id} could change is left", cure="cancel it, or propose another"
            )
        batch.state, batch.approved_at, batch.approved_role = "approved", now, actor.role
        batch.approved_by, batch.leaves, batch.end = _name(actor), leaves, end
        batch.decision = _render_decision(batch)
        batch.save()
        decided = {"state": "approved", "leaves": leaves, "decision": hashlib.sha256(batch.decision).hexdigest()}
        _record(batch, "voids-approved", actor, {"state": "proposed", "found": batch.found}, decided, now=now)
    return _view(batch)


def run_batch(
    batch_id: int, *, now: dt.datetime, most: int | None = None, progress: Progress | None = None
) -> BatchView:
    """Carry out an approved batch, or go on with one that was interrupted, and return what became of it.

    Each chunk is one transaction and leaves its mark, so that nothing is done twice; `most` chunks, or all. A batch
    that is cancelled meanwhile ends there. Raises BatchError where it is neither approved nor running.
    """
    chunks = 0
    while True:
        batch = _run_chunk(batch_id, now=now)
        if progress is not None:
            progress(batch.done, batch.leaves or 0)
        chunks += 1
        if batch.state != "running" or chunks == most:
            return _view(batch)


def cancel_batch(batch_id: int, *, actor: Actor, now: dt.datetime) -> BatchView:
    """End a batch where it stands; what it voided stays so until another undoes it. Raises BatchError, RoleError."""
    _require(actor, PROPOSERS, "cancel voids")
    with transaction.atomic():
        batch = _lock(batch_id)
        if batch.state in ("done", "cancelled"):
            raise BatchError(f"batch {batch_id} is {batch.state}", cure="what is done can be undone by another batch")
        old, batch.state, batch.ended_at, batch.ended_by = batch.state, "cancelled", now, _name(actor)
        batch.save()
        action = "voids-refused" if old == "proposed" else "voids-stopped"
        _record(batch, action, actor, {"state": old}, {"state": "cancelled", "done": batch.done}, now=now)
    return _view(batch)


def read_batch(batch_id: int) -> BatchView:
    """Return a batch. Raises UnknownBatchError."""
    batch = VoidBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise UnknownBatchError(f"there is no void batch {batch_id}", cure="`maninso void list` names them")
    return _view(batch)


def list_batches(*, petition_id: int | None = None) -> tuple[BatchView, ...]:
    """Return all batches, or a petition's, oldest first."""
    batches = VoidBatch.objects.order_by("pk")
    if petition_id is not None:
        batches = batches.filter(petition_id=petition_id)
    return tuple(map(_view, batches))


def _run_chunk(batch_id: int, *, now: dt.datetime) -> VoidBatch:
    with transaction.atomic(), connection.cursor() as cursor:
        batch = _lock(batch_id)
        if batch.state == "approved":
            batch.state = "running"
            batch.save()
        if batch.state in ("done", "cancelled"):
            return batch
        if batch.state != "running" or batch.leaves is None or batch.end is None or batch.decision is None:
            raise BatchError(f"batch {batch_id} is {batch.state}", cure="let another person approve it first")
        lock_head(cursor, petition_id=batch.petition_id)
        # At most as many as were approved, even if more count by now than did then.
        limit = min(MOST_IN_A_CHUNK, batch.leaves - batch.done)
        chosen = _next(cursor, batch, end=batch.end, limit=limit)
        if chosen:
            given: Mapping[str, Any] = {
                "petition_id": batch.petition_id,
                "leaf_indices": chosen,
                "reason": batch.reason,
                "decision": hashlib.sha256(bytes(batch.decision)).digest(),
                "batch_id": batch.pk,
                "now": now,
            }
            if batch.undoes_id is None:
                void_leaves(cursor, **given)
            else:
                reinstate_leaves(cursor, **given)
            batch.next_leaf, batch.done = chosen[-1] + 1, batch.done + len(chosen)
        if len(chosen) < limit or batch.done == batch.leaves:
            batch.state, batch.ended_at = "done", now
        batch.save()
        if batch.state == "done":
            _record(batch, "voids-done", SYSTEM, {"leaves": batch.leaves}, {"done": batch.done}, now=now)
    return batch


def _record(
    batch: VoidBatch,
    action: str,
    actor: Actor,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    now: dt.datetime,
) -> None:
    """Put a step on the office's record, under the name that the batch's two people are told apart by."""
    by = actor if actor == SYSTEM else Actor(role=actor.role, name=_name(actor))
    record_action(by, action, f"petition/{batch.petition_id}", before, {"batch": batch.pk, **after}, now=now)


def _list_tuples(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Return conditions as the database gives them back: with lists."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in conditions.items()}


def _next(cursor: Any, batch: VoidBatch, *, end: int, limit: int) -> list[int]:
    if batch.undoes_id is not None:
        return next_voided(cursor, batch_id=batch.undoes_id, first=batch.next_leaf, limit=limit)
    return next_selected(
        cursor,
        petition_id=batch.petition_id,
        selection=_selection(batch),
        first=batch.next_leaf,
        end=end,
        limit=limit,
    )


def _count(batch: VoidBatch, *, end: int) -> int:
    with connection.cursor() as cursor:
        if batch.undoes_id is not None:
            return count_voided(cursor, batch_id=batch.undoes_id)
        return count_selected(cursor, petition_id=batch.petition_id, selection=_selection(batch), end=end)


def _selection(batch: VoidBatch) -> Selection:
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in batch.conditions.items()
    }
    return Selection(**given)


def _check_selection(conditions: Mapping[str, Any]) -> None:
    if not conditions:
        raise SelectionError("a batch without conditions would void everybody", cure="say which signatures are meant")
    for name, value in conditions.items():
        most = {"leaves": 1 << 48, "assurances": 3}.get(name, 0xFFFF)
        values = value if isinstance(value, tuple) else (value,)
        if not values or not all(0 <= each <= most for each in values):
            raise SelectionError(f"{name}: {value} is none that a log can have", cure=f"give numbers from 0 to {most}")


def _render_decision(batch: VoidBatch) -> bytes:
    return render_json(
        {
            "approved_by": batch.approved_role,
            "batch": batch.pk,
            "decision": "void" if batch.undoes_id is None else "reinstate",
            "leaves": batch.leaves,
            "petition": batch.petition_id,
            "reason": batch.reason,
            "text": batch.text,
            "undoes": batch.undoes_id,
        }
    )


def _read_size(petition_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT size FROM signing_head WHERE petition_id = %s", [petition_id])
        return int(cursor.fetchone()[0])


def _lock(batch_id: int) -> VoidBatch:
    batch = VoidBatch.objects.select_for_update().filter(pk=batch_id).first()
    if batch is None:
        raise UnknownBatchError(f"there is no void batch {batch_id}", cure="`maninso void list` names them")
    return batch


def _name(actor: Actor) -> str:
    """Return who it is, spelt one way, so that nobody is two people."""
    name = actor.name.strip().casefold()
    if not name:
        raise UsageError("nobody is named", cure="say who does this: the name is kept in the record")
    return name


def _require(actor: Actor, roles: frozenset[str], what: str) -> None:
    if actor.role not in roles:
        raise RoleError(f"a {actor.role} may not {what}", cure=f"ask: {', '.join(sorted(roles))}")


def _view(batch: VoidBatch) -> BatchView:
    return BatchView(
        batch_id=batch.pk,
        petition_id=batch.petition_id,
        undoes=batch.undoes_id,
        reason=batch.reason,
        text=batch.text,
        conditions=batch.conditions,
        state=batch.state,
        proposed_at=batch.proposed_at,
        proposed_by=batch.proposed_by,
        found=batch.found,
        approved_at=batch.approved_at,
        approved_by=batch.approved_by,
        leaves=batch.leaves,
        done=batch.done,
        ended_at=batch.ended_at,
        decision=None if batch.decision is None else bytes(batch.decision),
    )
