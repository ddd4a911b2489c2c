"""What the site says besides petitions: pages in both languages, banners, and pauses of signing and creating.

A pause of signing closes every gate at once, and those of petitions that open meanwhile. Its end gives each petition
the days back that it cost, as its charter counts them.
"""

import datetime as dt
import re
from dataclasses import dataclass

from django.db import connection, transaction

from maninso import ManinsoError, UsageError
from maninso.charter import count_midnights, extend_for_pause
from maninso.petitions.access.rules import read_charter_version
from maninso.petitions.access.views import Words
from maninso.petitions.audit import record_action
from maninso.petitions.lifecycle import (
    Actor,
    RoleError,
    clean_text,
    pause_signing_of,
    resume_grace_of,
    resume_signing_of,
)
from maninso.petitions.models import Notice, PageVersion, Petition
from maninso.petitions.models.noticeboard import NOTICE_KINDS

LANGUAGES = ("ko", "en")
PAUSES = ("signing-paused", "creating-paused")
LONGEST_TITLE = 200  # characters
LONGEST_BODY = 100_000
LONGEST_NOTICE = 500

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_SLUG = 60
# Asked for every page, of which putting it together anew would take a tenth.
_SHOWN = "SELECT * FROM petitions_notice WHERE ended_at IS NULL ORDER BY id"
_PAUSE_LOCK = 0x6D616E696E7370  # who pauses holds it alone, who opens a petition together with others


class NoticeError(ManinsoError):
    """It is so already, or there is no such notice."""


@dataclass(frozen=True, kw_only=True)
class PageView:
    """One version of a page."""

    slug: str
    language: str
    version: int
    title: str
    body: str
    author: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class NoticeView:
    """One notice; `kind` is banner, signing-paused or creating-paused."""

    notice_id: int
    kind: str
    text: Words
    started_at: dt.datetime
    started_by: str
    ended_at: dt.datetime | None


def save_page(*, slug: str, language: str, title: str, body: str, actor: Actor, now: dt.datetime) -> int:
    """Store a new version of a page and return its number; an empty body takes the page away.

    Raises UsageError for a name or language that no page can have, TextError, RoleError.
    """
    _require_operator(actor)
    if not _SLUG.fullmatch(slug) or len(slug) > _LONGEST_SLUG:
        raise UsageError(f"name: {slug!r}", cure="use small letters, digits and hyphens: about-us")
    if language not in LANGUAGES:
        raise UsageError(f"language: {language!r}", cure="give ko or en")
    title = clean_text("title", title, most=LONGEST_TITLE)
    body = clean_text("body", body, lines=True, most=LONGEST_BODY)
    if not title:
        raise UsageError("title: it is empty", cure="give the page a title")
    with transaction.atomic():
        _lock_pages()
        old = read_page(slug, language)
        version = old.version + 1 if old else 1
        PageVersion.objects.create(
            slug=slug, language=language, version=version, title=title, body=body, author=actor.name, at=now
        )
        record_action(
            actor, "page-saved", f"page/{slug}/{language}", {"version": version - 1}, {"version": version}, now=now
        )
    return version


def read_page(slug: str, language: str, *, version: int | None = None) -> PageView | None:
    """Return a page's newest version in a language, or the one asked for; None where there is none."""
    rows = PageVersion.objects.filter(slug=slug, language=language).order_by("-version")
    row = (rows if version is None else rows.filter(version=version)).first()
    return None if row is None else _page(row)


def read_page_history(slug: str, language: str) -> tuple[PageView, ...]:
    """Return every version of a page, newest first."""
    return tuple(map(_page, PageVersion.objects.filter(slug=slug, language=language).order_by("-version")))


def list_pages(language: str) -> tuple[PageView, ...]:
    """Return the newest version of every page in a language, by name; those that were taken away have no body."""
    rows = PageVersion.objects.filter(language=language).order_by("slug", "-version").distinct("slug")
    return tuple(map(_page, rows))


def post_notice(*, kind: str, text: Words, actor: Actor, now: dt.datetime) -> int:
    """Show a banner, or pause signing or creating, with a reason in both languages; return the notice's number.

    Raises UsageError for a missing text, NoticeError where it is paused already, RoleError.
    """
    _require_operator(actor)
    if kind not in NOTICE_KINDS:
        raise UsageError(f"kind: {kind!r}", cure=f"give one of: {', '.join(NOTICE_KINDS)}")
    cleaned = {code: clean_text(f"text in {code}", text.get(code, ""), most=LONGEST_NOTICE) for code in LANGUAGES}
    if not all(cleaned.values()):
        raise UsageError("text: one language is missing", cure="write it in Korean and in English")
    with transaction.atomic():
        lock_pauses(alone=True)
        if kind in PAUSES and is_paused(kind):
            raise NoticeError(f"{kind} already", cure="end that pause first")
        notice = Notice.objects.create(
            kind=kind, text_ko=cleaned["ko"], text_en=cleaned["en"], started_at=now, started_by=actor.name
        )
        if kind == "signing-paused":
            # Those that are in their grace, too: nothing is confirmed while signing is paused.
            taking = Petition.objects.filter(state__in=("open", "closed"), gate__state="open")
            for petition_id in taking.values_list("pk", flat=True):
                pause_signing_of(petition_id)
        record_action(actor, kind, f"notice/{notice.pk}", {}, {"ko": cleaned["ko"], "en": cleaned["en"]}, now=now)
    return notice.pk


def end_notice(notice_id: int, *, actor: Actor, now: dt.datetime) -> int:
    """Take a notice away; the end of a pause of signing extends each open petition. Returns how many were extended.

    Raises NoticeError where there is no such notice, RoleError.
    """
    _require_operator(actor)
    extended = 0
    with transaction.atomic():
        lock_pauses(alone=True)
        notice = Notice.objects.filter(pk=notice_id, ended_at=None).first()
        if notice is None:
            raise NoticeError(f"there is no notice {notice_id} to end", cure="look at the list again")
        Notice.objects.filter(pk=notice_id).update(ended_at=now, ended_by=actor.name)
        if notice.kind == "signing-paused":
            extended = _resume_all(notice.started_at, now=now)
        record_action(
            actor, "notice-ended", f"notice/{notice_id}", {"kind": notice.kind}, {"extended": extended}, now=now
        )
    return extended


def read_notices() -> tuple[NoticeView, ...]:
    """Return the notices that every page shows now, oldest first, in one query."""
    return tuple(_notice(row) for row in Notice.objects.raw(_SHOWN))


def list_notices(*, most: int = 50) -> tuple[NoticeView, ...]:
    """Return the latest notices, newest first, those that ended too."""
    return tuple(_notice(row) for row in Notice.objects.order_by("-pk")[:most])


def is_paused(kind: str) -> bool:
    """Whether signing ("signing-paused") or creating ("creating-paused") is paused."""
    return Notice.objects.filter(kind=kind, ended_at=None).exists()


def lock_pauses(*, alone: bool = False) -> None:
    """Hold off whoever begins or ends a pause until the commit; `alone` for them."""
    kind = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {kind}(%s)", [_PAUSE_LOCK])


def _resume_all(started_at: dt.datetime, *, now: dt.datetime) -> int:
    extended = 0
    for petition_id in Petition.objects.filter(state="closed", gate__state="paused").values_list("pk", flat=True):
        resume_grace_of(petition_id)
    rows = Petition.objects.filter(state="open", gate__state="paused").select_related("charter").order_by("pk")
    for petition in rows:
        if petition.closes_at is None or petition.opened_at is None:
            raise AssertionError(f"petition {petition.pk} is open without dates")
        charter = read_charter_version(petition.charter)
        since = max(started_at, petition.opened_at)
        midnights = count_midnights(charter, paused_at=since, resumed_at=now)
        closes_at = extend_for_pause(charter, petition.closes_at, midnights)
        resume_signing_of(petition.pk, closes_at=closes_at, now=now)
        extended += midnights > 0
    return extended


def _lock_pages() -> None:
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE petitions_pageversion IN SHARE ROW EXCLUSIVE MODE")


def _require_operator(actor: Actor) -> None:
    if actor.role != "operator":
        raise RoleError(f"a {actor.role} may not change what the site says", cure="ask an operator")


def _page(row: PageVersion) -> PageView:
    return PageView(
        slug=row.slug,
        language=row.language,
        version=row.version,
        title=row.title,
        body=row.body,
        author=row.author,
        at=row.at,
    )


def _notice(row: Notice) -> NoticeView:
    return NoticeView(
        notice_id=row.pk,
        kind=row.kind,
        text={"ko": row.text_ko, "en": row.text_en},
        started_at=row.started_at,
        started_by=row.started_by,
        ended_at=row.ended_at,
    )
