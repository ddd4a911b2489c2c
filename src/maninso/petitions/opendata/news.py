"""What creators of petitions told, of all petitions: the newest first."""

import datetime as dt
from dataclasses import dataclass

from maninso.petitions.models import Announcement

_READABLE = ("open", "closed")


@dataclass(frozen=True, kw_only=True)
class PetitionNews:
    """One thing that a creator told, with its petition."""

    petition_id: int
    title: str
    topic: str
    text: str
    at: dt.datetime


def list_news(*, topic: str = "", institution: str = "", limit: int) -> tuple[PetitionNews, ...]:
    """Return at most so many news of petitions that are open or closed; what the office hid is left out.

    `institution` is the id of a charter; "" stands for all.
    """
    rows = Announcement.objects.filter(kind="creator", hidden_at=None, petition__state__in=_READABLE)
    if topic:
        rows = rows.filter(petition__topic=topic)
    if institution:
        rows = rows.filter(petition__charter__charter_id=institution)
    found = rows.order_by("-at", "-pk").values_list("petition", "petition__title", "petition__topic", "text", "at")
    return tuple(
        PetitionNews(petition_id=number, title=title, topic=about, text=text, at=at)
        for number, title, about, text, at in found[:limit]
    )
