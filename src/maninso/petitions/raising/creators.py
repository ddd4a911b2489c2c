"""The creator's own page, behind their link: where the petition stands, what was decided, what is owed."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from maninso.charter import legal_day, retention_ends_at
from maninso.petitions.access.build import build_obligation
from maninso.petitions.access.rows import obligation_rows
from maninso.petitions.access.rules import find_review_day, read_charter_version, reason_words
from maninso.petitions.access.views import ObligationView, Words
from maninso.petitions.letters import LetterView, read_letters
from maninso.petitions.lifecycle import Actor, withdraw_petition
from maninso.petitions.models import BlockedCreator, KeptPetition, Petition, Raising, Sponsor, StateChange, Subscriber
from maninso.petitions.raising.links import Links, is_token, join_links

BEFORE_THE_END = ("draft", "gathering", "moderation", "open")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One move of the petition."""

    state: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class CreatorView:
    """What a creator sees of their petition. The text is shown to them whatever its state."""

    petition_id: int
    state: str
    title: str
    body: str
    language: str
    time_zone: str
    links: Links
    confirmed: bool
    sponsors: int
    needed: int  # sponsors; 0 where the charter wants none
    sponsors_until: dt.datetime | None  # exclusive
    review_day: dt.date | None  # by which it has to be decided; None where the charter sets no day
    review_late: bool
    reason: Words
    reason_note: str
    letters: tuple[LetterView, ...]
    obligations: tuple[ObligationView, ...]
    steps: tuple[Step, ...]
    may_withdraw: bool


def find_creators_petition(petition_id: int, token: str, *, now: dt.datetime) -> CreatorView | None:
    """Return what the creator's link leads to; None for a wrong link."""
    raising = _find(petition_id, token)
    if raising is None:
        return None
    petition = raising.petition
    charter = read_charter_version(petition.charter)
    steps = list(StateChange.objects.filter(petition=petition).order_by("pk").values_list("new", "at"))
    review_day = None
    if petition.state == "moderation":
        review_day = find_review_day(charter, entered_at=steps[-1][1])
    letters = read_letters(petition_id, now=now)
    return CreatorView(
        petition_id=petition.pk,
        state=petition.state,
        title=petition.title,
        body=petition.body,
        language=petition.language,
        time_zone=charter.time_zone,
        links=join_links(token),
        confirmed=raising.confirmed_at is not None,
        sponsors=raising.sponsors,
        needed=charter.sponsors.count if charter.sponsors else 0,
        sponsors_until=raising.closes_at,
        review_day=review_day,
        review_late=review_day is not None and legal_day(charter, now) > review_day,
        reason=reason_words(charter, petition.reason_code),
        reason_note=petition.reason_note,
        letters=tuple(letter for letter in letters if not letter.waits),
        obligations=tuple(build_obligation(row, now=now) for row in obligation_rows().filter(petition=petition)),
        steps=tuple(Step(state=state, at=at) for state, at in steps),
        may_withdraw=petition.state in BEFORE_THE_END,
    )


def confirm_creator(petition_id: int, token: str, *, now: dt.datetime) -> bool:
    """Note that the creator has used their own link; False for a wrong link, and where it was noted before."""
    if _find(petition_id, token) is None:
        return False
    return Raising.objects.filter(pk=petition_id, confirmed_at=None).update(confirmed_at=now) == 1


def withdraw_as_creator(petition_id: int, token: str, *, now: dt.datetime) -> bool:
    """End a petition for its creator; False for a wrong link. Raises TransitionError where it has ended already."""
    if _find(petition_id, token) is None:
        return False
    withdraw_petition(petition_id, now=now, actor=Actor(role="creator"))
    return True


def forget_creators(*, now: dt.datetime) -> int:
    """Forget who raised petitions that ended, and who supported them, once their retention is over; return how many.

    Retention counts from the closing, or from the end of a petition that never opened.
    """
    BlockedCreator.objects.filter(until__lte=now).delete()
    ended = Petition.objects.exclude(state__in=BEFORE_THE_END).exclude(raising=None).exclude(raising__creator_key=b"")
    forgotten = 0
    for petition in ended.select_related("charter").order_by("pk"):
        charter = read_charter_version(petition.charter)
        if retention_ends_at(charter, closed_at=petition.closed_at or petition.updated_at) > now:
            continue
        with transaction.atomic():
            Sponsor.objects.filter(petition=petition).delete()
            KeptPetition.objects.filter(petition=petition).delete()
            if petition.opened_at is None:  # nothing will come that they could be told
                Subscriber.objects.filter(petition=petition).delete()
            Raising.objects.filter(pk=petition.pk).update(creator_key=b"", address="", sealed_key=None)
            Petition.objects.filter(pk=petition.pk).update(creator_name="")
        forgotten += 1
    return forgotten


def _find(petition_id: int, token: str) -> Raising | None:
    raising = Raising.objects.select_related("petition__charter").filter(petition_id=petition_id).first()
    return raising if raising is not None and is_token(token, bytes(raising.creator_digest)) else None
