"""The public record of a petition's voids: each entry, why, by which decision, and what the count made of it.

Only what the last checkpoint covers is told, so that the record and the count are of one moment.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from maninso.ledger.entries import VOID, VOID_REASONS, Void
from maninso.petitions.access import Words
from maninso.petitions.access.rows import is_readable
from maninso.petitions.access.rules import read_charter_version
from maninso.petitions.models import Petition, VoidBatch
from maninso.signing.queries import QUERIES
from maninso.signing.voids import RETURNED_DECISION, WITHDRAWN_DECISION

_KOREAN_REASONS = {
    1: "서명한 사람이 철회",
    2: "같은 사람이 이미 서명",
    3: "위조 또는 자동 생성",
    4: "서명 자격 없음",
    5: "법원 명령",
    6: "운영자의 착오",
}


_APPROVERS: Mapping[str, Words] = {
    "auditor": {"ko": "감사인", "en": "an auditor"},
    "operator": {"ko": "운영자", "en": "the site’s operator"},
}


@dataclass(frozen=True, kw_only=True)
class VoidEntry:
    """One void or reinstatement: its leaf, the signature's, and what it adds to the count (-1 or +1)."""

    leaf: int
    signature: int
    effect: int
    reason: int
    reason_words: Words
    batch_id: int | None  # None: the signer's own
    at: dt.datetime  # as exact as the entry's time bucket


@dataclass(frozen=True, kw_only=True)
class Decision:
    """An approved batch as the public sees it; `document` is what entries carry the SHA-256 of."""

    batch_id: int
    undoes: int | None
    reason: int
    reason_words: Words
    text: str
    state: str
    approved_at: dt.datetime
    approved_by: str  # a role
    approved_by_words: Words
    leaves: int
    done: int
    document: bytes


@dataclass(frozen=True, kw_only=True)
class VoidRecord:
    """A page of a petition's voids, the newest first, with all its decisions and sums at the last checkpoint."""

    petition_id: int
    petition_title: str  # "" where the text is not public
    petition_language: str
    time_zone: str
    signatures: int
    voids: int
    reinstated: int
    count: int
    withdrawn: int  # entries by signers themselves
    decisions: tuple[Decision, ...]
    entries: tuple[VoidEntry, ...]
    page: int
    pages: int
    total: int  # entries


SIGNERS_DOCUMENTS = (WITHDRAWN_DECISION, RETURNED_DECISION)


def read_voids(petition_id: int, *, page: int, per_page: int) -> VoidRecord | None:
    """Return a page of a petition's voids; past the end the last one. None where there is no log."""
    petition = (
        Petition.objects.filter(Q(pk=petition_id) & ~Q(tree=None))
        .select_related("tree", "gate", "charter")
        .exclude(state="draft")
        .first()
    )
    if petition is None or petition.opened_at is None:
        return None
    tree = petition.tree
    total = tree.voids + tree.reinstated
    pages = max(1, -(-total // per_page))
    page = min(page, pages)
    given = {
        "petition_id": petition_id,
        "end": tree.size,
        "limit": per_page,
        "offset": (page - 1) * per_page,
    }
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["list_voids"], given)
        rows = cursor.fetchall()
        cursor.execute(QUERIES["read_void_gate"], {"petition_id": petition_id, "now": petition.opened_at})
        _, opened_at, bucket_seconds = cursor.fetchone()
        cursor.execute(QUERIES["count_withdrawn"], {"petition_id": petition_id, "end": tree.size})
        withdrawn = int(cursor.fetchone()[0])
    entries = []
    for leaf, data, signature, batch_id in rows:
        data = bytes(data)
        is_void = data[0] == VOID
        entry = Void.parse(bytes([VOID]) + data[1:])  # a reinstatement is laid out alike
        entries.append(
            VoidEntry(
                leaf=leaf,
                signature=signature,
                effect=-1 if is_void else 1,
                reason=entry.reason,
                reason_words=reason_words(entry.reason),
                batch_id=batch_id,
                at=opened_at + dt.timedelta(seconds=entry.bucket * bucket_seconds),
            )
        )
    batches = VoidBatch.objects.filter(petition_id=petition_id, approved_at__isnull=False).order_by("-pk")
    return VoidRecord(
        petition_id=petition_id,
        petition_title=petition.title if is_readable(petition) else "",
        petition_language=petition.language,
        time_zone=read_charter_version(petition.charter).time_zone,
        signatures=tree.signatures,
        voids=tree.voids,
        reinstated=tree.reinstated,
        count=tree.count,
        withdrawn=withdrawn,
        decisions=tuple(map(_decision, batches)),
        entries=tuple(entries),
        page=page,
        pages=pages,
        total=total,
    )


def reason_words(code: int) -> Words:
    """Return a void's reason in words; its number where nobody has words for it."""
    if code not in VOID_REASONS:
        return {"ko": str(code), "en": str(code)}
    return {"ko": _KOREAN_REASONS[code], "en": VOID_REASONS[code]}


def _decision(batch: VoidBatch) -> Decision:
    assert batch.approved_at is not None and batch.leaves is not None and batch.decision is not None  # noqa: S101, PT018
    return Decision(
        batch_id=batch.pk,
        undoes=batch.undoes_id,
        reason=batch.reason,
        reason_words=reason_words(batch.reason),
        text=batch.text,
        state=batch.state,
        approved_at=batch.approved_at,
        approved_by=batch.approved_role,
        approved_by_words=_APPROVERS[batch.approved_role],
        leaves=batch.leaves,
        done=batch.done,
        document=bytes(batch.decision),
    )
