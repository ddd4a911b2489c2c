"""Taking passages out of a text before it opens: each with a reason, and a commitment to what stood there.

The public sees how many passages were masked, why, and the commitments. Whoever is shown salt and original later (a
court, the creator) can check that they are what was masked: SHA-256 of the two.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence

from django.db import transaction

from maninso import ManinsoError, UsageError
from maninso.petitions.access.rules import find_reason, read_charter_version
from maninso.petitions.audit import record_action
from maninso.petitions.lifecycle import Actor, ReasonError
from maninso.petitions.models import Mask, Petition
from maninso.petitions.moderation.desk import DECIDERS, lock_case, require, require_free, require_waiting

BLOCK = "■■■"
SALT_LENGTH = 16


class StaleTextError(ManinsoError):
    """The text is not the one that the passages were chosen in."""


def mask_passages(
    petition_id: int,
    *,
    passages: Sequence[tuple[str, int, int]],
    seen: bytes,
    reason_code: str,
    salts: Sequence[bytes],
    actor: Actor,
    now: dt.datetime,
) -> int:
    """Mask passages (field, start, end) of the text whose digest is `seen`; return how many.

    `salts` has 16 random bytes a passage. Raises NotWaitingError where the text is frozen, StaleTextError, HeldError,
    ReasonError for a reason that is none of the charter's, UsageError for passages that are none.
    """
    require(actor, DECIDERS, "mask passages")
    with transaction.atomic():
        case = lock_case(petition_id)
        require_waiting(petition_id)
        require_free(case, actor)
        petition = Petition.objects.select_related("charter").get(pk=petition_id)
        if find_reason(read_charter_version(petition.charter), reason_code) is None:
            raise ReasonError(f"reason: {reason_code!r} is none of the charter", cure="give one that it has")
        if digest_seen(petition) != seen:
            raise StaleTextError(f"the text of petition {petition_id} changed", cure="look at it again")
        texts = {"title": petition.title, "body": petition.body}
        masked: list[Mask] = []
        ends: dict[str, int] = {}
        # From the end, so that the places before stay what they are.
        for (field, start, end), salt in sorted(zip(set(passages), salts, strict=False), reverse=True):
            if end > ends.get(field, end):
                raise UsageError(f"{field} {start}-{end} overlaps another passage", cure="choose passages apart")
            ends[field] = start
            if field not in texts or not 0 <= start < end <= len(texts[field]) or len(salt) != SALT_LENGTH:
                raise UsageError(f"{field} {start}-{end} is no passage", cure="choose passages of the text")
            original = texts[field][start:end]
            texts[field] = texts[field][:start] + cover(original) + texts[field][end:]
            masked.append(
                Mask(
                    petition=petition,
                    field=field,
                    start=start,
                    original=original,
                    reason_code=reason_code,
                    salt=salt,
                    commitment=hashlib.sha256(salt + original.encode()).digest(),
                    masked_by=actor.name,
                    masked_at=now,
                )
            )
        _change(petition, texts, now=now)
        for mask in masked:
            mask.save()
            commitment = {"field": mask.field, "commitment": bytes(mask.commitment).hex()}
            record_action(actor, "masked", f"petition/{petition_id}", {}, commitment, reason=reason_code, now=now)
    return len(masked)


def unmask_last(petition_id: int, *, actor: Actor, now: dt.datetime) -> bool:
    """Put the passage back that was masked last; False where there is none. Raises NotWaitingError, HeldError."""
    require(actor, DECIDERS, "put passages back")
    with transaction.atomic():
        case = lock_case(petition_id)
        require_waiting(petition_id)
        require_free(case, actor)
        mask = Mask.objects.filter(petition_id=petition_id, undone_at=None).order_by("-pk").first()
        if mask is None:
            return False
        petition = Petition.objects.get(pk=petition_id)
        texts = {"title": petition.title, "body": petition.body}
        text = texts[mask.field]
        texts[mask.field] = text[: mask.start] + mask.original + text[mask.start + len(cover(mask.original)) :]
        _change(petition, texts, now=now)
        Mask.objects.filter(pk=mask.pk).update(undone_at=now)
        commitment = {"field": mask.field, "commitment": bytes(mask.commitment).hex()}
        record_action(actor, "unmasked", f"petition/{petition_id}", commitment, {}, now=now)
    return True


def cover(original: str) -> str:
    """Return what stands in a text where a passage was: never longer, so that a masked text keeps its limits."""
    return BLOCK[: len(original)]


def digest_seen(petition: Petition) -> bytes:
    """Return the digest by which a text is known to be the one that somebody looked at."""
    return hashlib.sha256(f"{petition.title}\0{petition.body}".encode()).digest()


def require_seen(petition_id: int, seen: str) -> None:
    """Raise StaleTextError where the text is not the one with this digest (hex); "" is every text."""
    if seen and digest_seen(Petition.objects.get(pk=petition_id)).hex() != seen:
        raise StaleTextError(f"the text of petition {petition_id} changed", cure="look at it again")


def _change(petition: Petition, texts: dict[str, str], *, now: dt.datetime) -> None:
    same = Petition.objects.filter(pk=petition.pk, state="moderation", title=petition.title, body=petition.body)
    if not same.update(title=texts["title"], body=texts["body"], updated_at=now):
        raise StaleTextError(f"the text of petition {petition.pk} changed", cure="look at it again")
