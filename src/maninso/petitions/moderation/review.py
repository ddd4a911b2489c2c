"""One petition as the office sees it: its whole text, what to look at, what happened, who works on it."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from maninso.charter import Charter
from maninso.petitions.access.rules import find_review_day, read_charter_version, reason_words, words
from maninso.petitions.access.views import Words
from maninso.petitions.letters import LetterView, read_letters
from maninso.petitions.models import Case, Mask, Note, Petition, Raising, StateChange, Takedown
from maninso.petitions.moderation.appeals import AppealView, read_appeal
from maninso.petitions.moderation.decisions import name_letter
from maninso.petitions.moderation.masking import digest_seen
from maninso.petitions.moderation.newsdesk import NewsItem, list_news_items
from maninso.petitions.moderation.personal import Passage, find_personal_data


@dataclass(frozen=True, kw_only=True)
class ReasonView:
    """One reason of the petition's charter."""

    code: str
    label: Words
    hides: bool


@dataclass(frozen=True, kw_only=True)
class MaskView:
    """One masked passage; `original` is for the office alone."""

    field: str
    reason: Words
    original: str
    commitment: str  # hex
    masked_by: str
    masked_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class NoteView:
    """One note."""

    author: str
    text: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class ChangeView:
    """One move of the petition."""

    old: str
    new: str
    at: dt.datetime
    role: str
    actor: str
    reason_code: str
    reason: Words
    reason_note: str


@dataclass(frozen=True, kw_only=True)
class TakedownView:
    """A proposal to take a petition down."""

    takedown_id: int
    petition_id: int
    title: str
    language: str
    reason: Words
    note: str
    proposed_by: str
    proposed_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class Review:
    """A petition on the desk."""

    petition_id: int
    state: str
    title: str
    body: str
    language: str
    creator_name: str
    charter_id: str
    institution: Words
    time_zone: str
    confirmed: bool  # the creator has used their own link, or there was none
    raised_here: bool
    sponsors: int
    review_day: dt.date | None
    holder: str
    held_since: dt.datetime | None
    hold: str
    seen: str  # digest of the text, hex
    in_title: tuple[Passage, ...]
    in_body: tuple[Passage, ...]
    masks: tuple[MaskView, ...]
    notes: tuple[NoteView, ...]
    changes: tuple[ChangeView, ...]
    letters: tuple[LetterView, ...]
    undo_until: dt.datetime | None  # the last decision can be taken back until then
    reasons: tuple[ReasonView, ...]
    takedown: TakedownView | None
    appeal: AppealView | None
    news: tuple[NewsItem, ...]


def read_review(
    petition_id: int, *, now: dt.datetime, find_names: Callable[[str], Iterable[tuple[int, int]]] = lambda _: ()
) -> Review | None:
    """Return a petition as the office sees it; None where there is none, or only a draft."""
    petition = Petition.objects.select_related("charter").filter(pk=petition_id).exclude(state="draft").first()
    if petition is None:
        return None
    charter = read_charter_version(petition.charter)
    case = Case.objects.select_related("holder").filter(pk=petition_id).first()
    raising = Raising.objects.filter(pk=petition_id).first()
    changes = tuple(StateChange.objects.filter(petition=petition).order_by("-pk"))
    entered = next((change.at for change in changes if change.new == "moderation"), None)
    letters = read_letters(petition_id, now=now)
    waiting = [letter for letter in letters if letter.waits and letter.once == name_letter(petition_id)]
    proposal = Takedown.objects.select_related("petition__charter").filter(petition=petition, state="proposed").first()
    return Review(
        petition_id=petition.pk,
        state=petition.state,
        title=petition.title,
        body=petition.body,
        language=petition.language,
        creator_name=petition.creator_name,
        charter_id=charter.id,
        institution=words(charter.institution),
        time_zone=charter.time_zone,
        confirmed=raising is None or raising.confirmed_at is not None,
        raised_here=raising is not None,
        sponsors=raising.sponsors if raising else 0,
        review_day=find_review_day(charter, entered_at=entered) if entered else None,
        holder=case.holder.email if case and case.holder else "",
        held_since=case.held_since if case else None,
        hold=case.hold if case else "",
        seen=digest_seen(petition).hex(),
        in_title=find_personal_data(petition.title, names=find_names(petition.title)),
        in_body=find_personal_data(petition.body, names=find_names(petition.body)),
        masks=tuple(
            _mask(mask, charter) for mask in Mask.objects.filter(petition=petition, undone_at=None).order_by("pk")
        ),
        notes=tuple(
            NoteView(author=note.author, text=note.text, at=note.at)
            for note in Note.objects.filter(petition=petition).order_by("pk")
        ),
        changes=tuple(_change(change, charter) for change in changes),
        letters=letters,
        undo_until=waiting[0].send_at if waiting and petition.state in ("rejected", "hidden") else None,
        reasons=_reasons(charter),
        takedown=_takedown(proposal) if proposal else None,
        appeal=read_appeal(petition_id),
        news=list_news_items(petition_id),
    )


def read_reasons(petition_id: int) -> tuple[str, tuple[ReasonView, ...]]:
    """Return the id of a petition's charter, and the reasons that it gives."""
    petition = Petition.objects.select_related("charter").defer("charter__source").get(pk=petition_id)
    charter = read_charter_version(petition.charter)
    return charter.id, _reasons(charter)


def list_takedowns() -> tuple[TakedownView, ...]:
    """Return the proposals that wait for a second person, oldest first."""
    rows = Takedown.objects.filter(state="proposed").select_related("petition__charter").order_by("proposed_at", "pk")
    return tuple(_takedown(row) for row in rows)


def _reasons(charter: Charter) -> tuple[ReasonView, ...]:
    return tuple(
        ReasonView(code=reason.code, label=words(reason.label), hides=reason.hides)
        for reason in charter.rejection_reasons
    )


def _takedown(row: Takedown) -> TakedownView:
    return TakedownView(
        takedown_id=row.pk,
        petition_id=row.petition_id,
        title=row.petition.title,
        language=row.petition.language,
        reason=reason_words(read_charter_version(row.petition.charter), row.reason_code),
        note=row.note,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
    )


def _mask(row: Mask, charter: Charter) -> MaskView:
    return MaskView(
        field=row.field,
        reason=reason_words(charter, row.reason_code),
        original=row.original,
        commitment=bytes(row.commitment).hex(),
        masked_by=row.masked_by,
        masked_at=row.masked_at,
    )


def _change(row: StateChange, charter: Charter) -> ChangeView:
    return ChangeView(
        old=row.old,
        new=row.new,
        at=row.at,
        role=row.role,
        actor=row.actor,
        reason_code=row.reason_code,
        reason=reason_words(charter, row.reason_code),
        reason_note=row.reason_note,
    )
