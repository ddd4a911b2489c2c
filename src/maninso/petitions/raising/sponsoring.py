"""Sponsors: early supporters by a secret link, until there are enough of them or their time is over."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F

from maninso import ManinsoError
from maninso.charter import Charter, refuse_signer
from maninso.identity.nullifier import open_sealed_key
from maninso.identity.ticket import Ticket
from maninso.petitions.access.rules import read_charter_version
from maninso.petitions.letters import store_letter
from maninso.petitions.lifecycle import Actor, TransitionError, lapse_petition, pass_to_moderation
from maninso.petitions.models import Petition, Raising
from maninso.petitions.raising.creating import NotEligibleError, describe_person, keep_sponsor
from maninso.petitions.raising.links import is_token
from maninso.petitions.raising.words import Words, write_enough, write_lapsed, write_sponsored

SPONSOR = Actor(role="sponsor")
GONE_STATES = frozenset({"hidden", "removed", "lapsed", "withdrawn"})


class NotGatheringError(ManinsoError):
    """The petition takes no sponsors now; `state` says what it is."""

    def __init__(self, petition_id: int, *, state: str) -> None:
        super().__init__(f"petition {petition_id} takes no sponsors: it is {state}", cure="look at its public page")
        self.state = state


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """What somebody sees who opens the sponsors' link."""

    petition_id: int
    state: str
    title: str
    body: str
    language: str
    sponsors: int
    needed: int
    closes_at: dt.datetime | None
    time_zone: str
    regions: tuple[str, ...]
    min_assurance: int
    charter: Charter
    is_open: bool  # to another sponsor


@dataclass(frozen=True, kw_only=True)
class Sponsored:
    """What came of it: how many sponsors there are now, and whether this one was there before."""

    sponsors: int
    needed: int
    again: bool
    enough: bool


def find_invitation(petition_id: int, token: str, *, now: dt.datetime) -> Invitation | None:
    """Return what the sponsors' link leads to; None for a wrong link."""
    raising = _find(petition_id, token)
    if raising is None:
        return None
    petition = raising.petition
    charter = read_charter_version(petition.charter)
    return Invitation(
        petition_id=petition.pk,
        state=petition.state,
        title=petition.title,
        body=petition.body,
        language=petition.language,
        sponsors=raising.sponsors,
        needed=charter.sponsors.count if charter.sponsors else 0,
        closes_at=raising.closes_at,
        time_zone=charter.time_zone,
        regions=charter.regions,
        min_assurance=charter.signer.minimum_assurance,
        charter=charter,
        is_open=_takes_sponsors(raising, charter, now=now),
    )


def sponsor_petition(petition_id: int, token: str, *, ticket: Ticket, salt: bytes, now: dt.datetime) -> Sponsored:
    """Add a sponsor, once a person; with enough of them the petition goes to the moderators, once.

    Raises NotGatheringError for a wrong link and where no sponsor is taken (any more), NotEligibleError.
    """
    with transaction.atomic():
        # Held against another sponsor and against whoever moves the petition, who both come wholly before or after.
        Petition.objects.select_for_update(no_key=True).filter(pk=petition_id).first()
        raising = _find(petition_id, token)
        if raising is None:
            raise NotGatheringError(petition_id, state="")
        petition, charter = raising.petition, read_charter_version(raising.petition.charter)
        if not _takes_sponsors(raising, charter, now=now) or charter.sponsors is None or raising.sealed_key is None:
            raise NotGatheringError(petition_id, state=petition.state)
        refusal = refuse_signer(charter, describe_person(ticket, charter.signer.mail_domains))
        if refusal is not None:
            raise NotEligibleError(refusal.text)
        wrapping_key = settings.MANINSO_KEPT_WRAPPING_KEY(petition_id)
        key = open_sealed_key(wrapping_key, petition_id=petition_id, sealed=bytes(raising.sealed_key))
        if not keep_sponsor(petition_id, key=key, ticket=ticket, salt=salt, is_creator=False, now=now):
            return Sponsored(
                sponsors=raising.sponsors,
                needed=charter.sponsors.count,
                again=True,
                enough=petition.state != "gathering",
            )
        Raising.objects.filter(pk=raising.pk).update(sponsors=F("sponsors") + 1)
        sponsors, needed = raising.sponsors + 1, charter.sponsors.count
        enough = petition.state == "gathering" and sponsors >= needed
        if enough:
            pass_to_moderation(petition_id, now=now, actor=SPONSOR)
            _tell(raising, "enough", write_enough(petition.language), now=now)
        elif petition.state == "gathering":
            words = write_sponsored(petition.language, sponsors=sponsors, missing=needed - sponsors)
            _tell(raising, f"sponsor/{sponsors}", words, now=now)
    return Sponsored(sponsors=sponsors, needed=needed, again=False, enough=enough or petition.state != "gathering")


def lapse_due_petitions(*, now: dt.datetime) -> int:
    """End petitions that did not find enough sponsors in time, each in a transaction of its own; return how many."""
    due = Raising.objects.filter(petition__state="gathering", closes_at__lte=now).select_related("petition")
    lapsed = 0
    for raising in list(due.order_by("closes_at", "pk")):
        try:
            with transaction.atomic():
                lapse_petition(raising.pk, now=now)
                _tell(raising, "lapsed", write_lapsed(raising.petition.language), now=now)
        except TransitionError:
            continue  # a sponsor, or the creator, was faster
        lapsed += 1
    return lapsed


def _find(petition_id: int, token: str) -> Raising | None:
    raising = Raising.objects.select_related("petition__charter").filter(petition_id=petition_id).first()
    return raising if raising is not None and is_token(token, bytes(raising.sponsor_digest)) else None


def _takes_sponsors(raising: Raising, charter: Charter, *, now: dt.datetime) -> bool:
    if charter.sponsors is None or (raising.closes_at is not None and raising.closes_at <= now):
        return False
    if raising.petition.state == "gathering":
        return True
    most = charter.sponsors.maximum
    return raising.petition.state == "moderation" and most is not None and raising.sponsors < most


def _tell(raising: Raising, once: str, words: Words, *, now: dt.datetime) -> None:
    store_letter(
        petition_id=raising.petition_id,
        once=once,
        address=raising.address,
        language=raising.petition.language,
        subject=words.subject,
        body=words.body,
        now=now,
    )
