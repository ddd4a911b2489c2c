"""What a creator tells those who asked for news: public on the petition's page, and a message to each of them."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from maninso import ManinsoError
from maninso.charter import find_text_faults
from maninso.petitions import notices
from maninso.petitions.access.rules import read_charter_version, reason_words
from maninso.petitions.access.views import Words
from maninso.petitions.lifecycle import TextError, clean_text
from maninso.petitions.models import Announcement, Petition
from maninso.petitions.raising.creators import find_creators_petition

LONGEST_NEWS = 1000  # characters
BETWEEN = dt.timedelta(days=7)


class NewsError(ManinsoError):
    """The creator can tell nothing now: `reason` is `state` or `early`."""

    def __init__(self, reason: str) -> None:
        super().__init__("the creator can tell nothing now", cure="wait, and try again")
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class News:
    """What a creator told, and when; where the office hid it, its place with the reason: no text."""

    text: str
    at: dt.datetime
    hidden_at: dt.datetime | None = None
    reason: Words | None = None
    note: str = ""


def tell_news(petition_id: int, token: str, *, text: str, now: dt.datetime) -> bool:
    """Publish a creator's words and have every subscriber told; False for a wrong link. Once in seven days.

    Raises TextError for an empty text, one that is too long, and links where the charter has none; NewsError.
    """
    if find_creators_petition(petition_id, token, now=now) is None:
        return False
    text = clean_text("text", text, lines=True, most=LONGEST_NEWS)
    if not text:
        raise TextError("text", "it is empty", cure="write what is new")
    with transaction.atomic():
        petition = Petition.objects.select_for_update(no_key=True).get(pk=petition_id)
        faults = find_text_faults(read_charter_version(petition.charter), title="x", body=text)
        if any(fault.code == "link" for fault in faults):
            raise TextError("text", "it holds a link", cure="say in words where to look")
        if petition.state not in ("open", "closed"):
            raise NewsError("state")
        if Announcement.objects.filter(petition=petition, kind="creator", at__gt=now - BETWEEN).exists():
            raise NewsError("early")
        notices.announce(petition_id=petition_id, kind="creator", text=text, now=now)
    return True


def read_news(petition_id: int, *, for_creator: bool = False) -> tuple[News, ...]:
    """Return what a petition's creator told, the newest first; `for_creator` with the words of what the office hid."""
    rows = Announcement.objects.filter(petition_id=petition_id, kind="creator").select_related("petition__charter")
    return tuple(_view(row, with_words=for_creator or row.hidden_at is None) for row in rows.order_by("-pk"))


def _view(row: Announcement, *, with_words: bool) -> News:
    hidden = row.hidden_at is not None
    return News(
        text=row.text if with_words else "",
        at=row.at,
        hidden_at=row.hidden_at,
        reason=reason_words(read_charter_version(row.petition.charter), row.hidden_code) if hidden else None,
        note=row.hidden_note,
    )
