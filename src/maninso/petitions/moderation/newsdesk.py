"""Creators' news on the desk: one item hidden with a reason, so that its place and the reason stay public.

Nothing is deleted: the office keeps the words. Messages that wait are taken back; what was sent is sent.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from maninso import ManinsoError
from maninso.petitions.access.rules import find_reason, read_charter_version, reason_words
from maninso.petitions.access.views import Words
from maninso.petitions.audit import record_action
from maninso.petitions.lifecycle import Actor, ReasonError, clean_text
from maninso.petitions.models import Announcement, Message
from maninso.petitions.moderation.decisions import send_to_creator
from maninso.petitions.moderation.desk import DECIDERS, require

LONGEST_NOTE = 500  # characters


class NewsItemError(ManinsoError):
    """There is no such news, or it is hidden (or shown) already."""


@dataclass(frozen=True, kw_only=True)
class NewsItem:
    """One item of a creator's news, as the office sees it; `hidden_at` is None where it is public."""

    news_id: int
    text: str
    at: dt.datetime
    hidden_at: dt.datetime | None
    hidden_by: str
    reason: Words
    note: str


def list_news_items(petition_id: int) -> tuple[NewsItem, ...]:
    """Return the news of a petition, hidden ones too, the newest first."""
    rows = Announcement.objects.filter(petition_id=petition_id, kind="creator").select_related("petition__charter")
    return tuple(
        NewsItem(
            news_id=row.pk,
            text=row.text,
            at=row.at,
            hidden_at=row.hidden_at,
            hidden_by=row.hidden_by,
            reason=reason_words(read_charter_version(row.petition.charter), row.hidden_code),
            note=row.hidden_note,
        )
        for row in rows.order_by("-pk")
    )


def hide_news(petition_id: int, news_id: int, *, code: str, note: str, actor: Actor, now: dt.datetime) -> None:
    """Hide one item with a reason of the petition's charter; the creator is told, and what waits is not sent.

    Raises NewsItemError, ReasonError, TextError, RoleError.
    """
    require(actor, DECIDERS, "hide news")
    note = clean_text("note", note, lines=True, most=LONGEST_NOTE)
    with transaction.atomic():
        item = _find(petition_id, news_id)
        if find_reason(read_charter_version(item.petition.charter), code) is None:
            raise ReasonError(f"reason: {code!r} is none of the charter", cure="give one that it has")
        hidden = Announcement.objects.filter(pk=news_id, hidden_at=None)
        if not hidden.update(hidden_at=now, hidden_by=actor.name, hidden_code=code, hidden_note=note):
            raise NewsItemError(f"news {news_id} is hidden already", cure="look at the petition again")
        Message.objects.filter(kind="update", petition_id=petition_id, facts__text=item.text).delete()
        _tell(petition_id, news_id, item, code, note, now=now)
        reason = f"{code}: {note}" if note else code
        record_action(actor, "news-hidden", f"petition/{petition_id}", {"news": news_id}, {}, reason=reason, now=now)


def bring_news_back(petition_id: int, news_id: int, *, actor: Actor, now: dt.datetime) -> None:
    """Show an item again that was hidden; nobody is written to once more. Raises NewsItemError, RoleError."""
    require(actor, DECIDERS, "bring news back")
    with transaction.atomic():
        item = _find(petition_id, news_id)
        back = Announcement.objects.filter(pk=news_id, hidden_at__isnull=False)
        if not back.update(hidden_at=None, hidden_by="", hidden_code="", hidden_note=""):
            raise NewsItemError(f"news {news_id} is not hidden", cure="look at the petition again")
        before = {"news": news_id, "reason": item.hidden_code, "hidden_by": item.hidden_by}
        record_action(actor, "news-brought-back", f"petition/{petition_id}", before, {}, now=now)


def _find(petition_id: int, news_id: int) -> Announcement:
    rows = Announcement.objects.select_related("petition__charter").select_for_update(of=("self",))
    item = rows.filter(pk=news_id, petition_id=petition_id, kind="creator").first()
    if item is None:
        raise NewsItemError(f"petition {petition_id} has no news {news_id}", cure="look at the petition again")
    return item


def _tell(petition_id: int, news_id: int, item: Announcement, code: str, note: str, *, now: dt.datetime) -> None:
    words = reason_words(read_charter_version(item.petition.charter), code)
    korean = item.petition.language.partition("-")[0] == "ko"
    why = words.get("ko" if korean else "en", "")
    body = (
        f"알려 주신 소식 하나를 공개하지 않기로 했습니다.\n\n{item.text}\n\n이유: {why}"
        if korean
        else f"One item of your news is no longer public.\n\n{item.text}\n\nReason: {why}"
    )
    send_to_creator(
        petition_id,
        f"news/{news_id}/{int(now.timestamp())}",
        ko="소식 하나가 비공개 처리되었습니다",
        en="One item of your news was hidden",
        body=f"{body}\n\n{note}" if note else body,
        now=now,
    )
