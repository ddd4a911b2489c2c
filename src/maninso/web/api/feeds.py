"""Feeds: lists by filter, what becomes of one petition, and what is owed, in Atom and as JSON Feed.

The words of a feed are in the language that `lang` asks for, else English; petitions, answers and bills in their own.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from maninso.petitions import access, raising
from maninso.petitions.access import AnswerView, BillView, ObligationView, PetitionView, Words
from maninso.petitions.opendata.bill_lists import KINDS, list_changed_bills
from maninso.petitions.opendata.debts import page_obligations
from maninso.petitions.opendata.news import list_news
from maninso.web.api.syndication import Entry, Feed, send_feed
from maninso.web.shared.addresses import data_address, site_origin
from maninso.web.shared.answers import data
from maninso.web.shared.display import KIND_LABELS, STAGE_LABELS
from maninso.web.shared.filters import find, link_filter, read_institution, read_topic, read_wanted
from maninso.web.shared.formats import choose_words, format_day, format_number
from maninso.web.shared.middleware import LANGUAGES
from maninso.web.shared.problems import NO_PETITION, REMOVED, Refused
from maninso.web.shared.requests import LARGEST_NUMBER, read_count, read_number, read_words

ENTRIES = 50
DEBTS = ("all", "overdue", "owed", "kept", "declined", "lapsed")


@data
def send_petitions(request: HttpRequest, kind: str) -> HttpResponseBase:
    """GET /feeds/petitions.atom?q=&state=&topic=&…: the newest 50 of what a filter finds, or in the order asked for."""
    now = timezone.now()
    wanted = read_wanted(request)
    if "sort" not in request.GET:
        wanted = replace(wanted, sort="newest")
    found = find(wanted, page=1, per_page=ENTRIES, in_full=True, now=now)
    language = read_language(request)
    with translation.override(language):
        title = _("Petitions")
    entries = []
    for card in found.cards:
        view = found.views[card.petition_id]
        place = f"{site_origin()}/petitions/{card.petition_id}"
        entries.append(
            Entry(
                entry_id=place,
                place=place,
                title=card.title,
                text=card.summary,
                at=card.opened_at or view.created_at,
                updated_at=card.closed_at or (view.updated_at if card.state == "rejected" else None),
                tags=(card.topic,) if card.topic else (),
            )
        )
    feed = Feed(
        title=f"{title}: {wanted.query}" if wanted.query else title,
        address=data_address(f"petitions_{kind}_feed") + link_filter(wanted),
        page=f"{site_origin()}/petitions{link_filter(wanted)}",
        language=language,
        entries=tuple(entries),
    )
    return send_feed(feed, kind)


@data
def send_petition(request: HttpRequest, number: str, kind: str) -> HttpResponseBase:
    """GET /feeds/petitions/{id}.atom: what became of one petition, the newest first."""
    view = access.find_petition(read_number(number), now=timezone.now())
    if view is None:
        raise Refused(NO_PETITION)
    if view.state in ("hidden", "removed"):
        raise Refused(REMOVED)
    language = read_language(request)
    with translation.override(language):
        happened = sorted(list_happenings(view), key=lambda each: each.at, reverse=True)
        title = view.title or _("Petition %(id)s") % {"id": view.petition_id}
    feed = Feed(
        title=title,
        address=data_address(f"petition_{kind}_feed", view.petition_id),
        page=f"{site_origin()}/petitions/{view.petition_id}",
        language=language,
        entries=tuple(happened[:ENTRIES]),
    )
    return send_feed(feed, kind)


def list_happenings(view: PetitionView) -> list[Entry]:
    """Return what became of a petition, in the language that is active."""
    place = f"{site_origin()}/petitions/{view.petition_id}"
    language = translation.get_language() or "en"
    entries = []
    if view.opened_at:
        entries.append(
            Entry(entry_id=f"{place}#opened", place=place, title=_("Open for signatures"), text="", at=view.opened_at)
        )
    for threshold in view.thresholds:
        if threshold.met_at:
            said = _("%(needed)s signatures reached") % {"needed": format_number(threshold.needed)}
            text, _code = choose_words(threshold.label, language)
            met = f"{place}#met-{threshold.threshold_id}-{threshold.met_leaf}"
            entries.append(Entry(entry_id=met, place=place, title=said, text=text, at=threshold.met_at))
    for obligation in view.obligations:
        entries += _settled(obligation, place)
    entries += [_unowed(each, place) for each in view.answers if not each.obligations and each.retracted_at is None]
    for news in raising.read_news(view.petition_id) if view.title and not view.source else ():
        if news.hidden_at:
            continue  # the petition's page says when and why
        told = f"{place}#news-{int(news.at.timestamp())}"
        entries.append(Entry(entry_id=told, place=place, title=_("News from the creator"), text=news.text, at=news.at))
    for bill in view.bills:
        entries += tell_stages(bill, until=timezone.now().date())
    if view.closed_at:
        closed = _("Closed for signatures")
        entries.append(Entry(entry_id=f"{place}#closed", place=place, title=closed, text="", at=view.closed_at))
    return entries


def _unowed(answer: AnswerView, place: str) -> Entry:
    said = answer.newest
    return Entry(
        entry_id=f"{place}#answer-{answer.answer_id}",
        place=place,
        title=_("Answered by %(author)s") % {"author": said.author},
        text=f"{said.summary}\n\n{said.body}".strip(),
        at=answer.versions[-1].published_at,
        updated_at=said.published_at,
    )


def _settled(obligation: ObligationView, place: str) -> list[Entry]:
    response = obligation.response
    if response is not None:
        return [
            Entry(
                entry_id=f"{place}#answered-{obligation.obligation_id}",
                place=place,
                title=_("Answered by %(author)s") % {"author": response.author},
                text=f"{response.summary}\n\n{response.body}".strip(),
                at=obligation.settled_at or response.published_at,
                updated_at=response.published_at,
            )
        ]
    if obligation.state == "declined" and obligation.settled_at:
        declined = f"{place}#declined-{obligation.obligation_id}"
        text = obligation.decline_note
        return [Entry(entry_id=declined, place=place, title=_("Declined"), text=text, at=obligation.settled_at)]
    return []


@data
def send_obligations(request: HttpRequest, kind: str) -> HttpResponseBase:
    """GET /feeds/obligations.atom?status=&institution=: the newest 50 debts of that, and what came of them."""
    asked = read_words(request, "status")
    status, institution = asked if asked in DEBTS else "all", read_institution(request)
    given = {"status": status} if status != "all" else {}
    given |= {"institution": institution} if institution else {}
    tail = link(given)
    language = read_language(request)
    with translation.override(language):
        found = page_obligations(status=status, institution=institution, limit=ENTRIES, now=timezone.now())
        entries = [_owed(each.debt) for each in found]
        title = _("What is owed")
    feed = Feed(
        title=title,
        address=data_address(f"obligations_{kind}_feed") + tail,
        page=f"{site_origin()}/obligations{tail}",
        language=language,
        entries=tuple(sorted(entries, key=lambda each: each.updated_at or each.at, reverse=True)),
    )
    return send_feed(feed, kind)


def _owed(obligation: ObligationView) -> Entry:
    language = translation.get_language() or "en"
    place = f"{site_origin()}/petitions/{obligation.petition_id}"
    named = obligation.petition_title or _("Petition %(id)s") % {"id": obligation.petition_id}
    states = {"owed": _("Owed"), "kept": _("Kept"), "declined": _("Declined"), "lapsed": _("Lapsed")}
    said = _("Overdue") if obligation.days_late else states[obligation.state]
    lines = [f"{_say(obligation.who, language)}: {_say(obligation.what, language)}"]
    if obligation.due_on and obligation.state == "owed":
        lines.append(_("Due on %(day)s") % {"day": format_day(obligation.due_on, language)})
    if obligation.response:
        lines.append(obligation.response.summary)
    return Entry(
        entry_id=f"{place}#obligation-{obligation.obligation_id}",
        place=place,
        title=f"{said}: {named}",
        text="\n".join(lines),
        at=obligation.met_at,
        updated_at=obligation.settled_at,
        tags=(obligation.state,),
    )


@data
def send_bills(request: HttpRequest, kind: str) -> HttpResponseBase:
    """GET /feeds/bills.atom?kind=&petition=: the newest 50 stages of bills, laws, rulings and refusals."""
    asked, petition = read_words(request, "kind"), read_count(request, "petition", most=LARGEST_NUMBER, default=0)
    wanted = asked if asked in KINDS else "all"
    given = {"kind": wanted} if wanted != "all" else {}
    given |= {"petition": str(petition)} if petition else {}
    language, today = read_language(request), timezone.now().date()
    with translation.override(language):
        bills = list_changed_bills(kind=wanted, petition_id=petition or None, limit=ENTRIES)
        entries = [entry for each in bills for entry in tell_stages(each.bill, until=today)]
        title = _("What came of petitions")
    feed = Feed(
        title=title,
        address=data_address(f"bills_{kind}_feed") + link(given),
        page=f"{site_origin()}/petitions/{petition}" if petition else f"{site_origin()}/bills",
        language=language,
        entries=tuple(sorted(entries, key=lambda each: each.at, reverse=True)[:ENTRIES]),
    )
    return send_feed(feed, kind)


def tell_stages(bill: BillView, *, until: dt.date) -> list[Entry]:
    """Return the stages of a bill's way up to a day, in the language that is active."""
    place = f"{site_origin()}/bills/{bill.bill_id}"
    named = str(KIND_LABELS[bill.kind])
    act = f"{bill.act_title} {bill.act_number}".strip()
    return [
        Entry(
            entry_id=f"{place}#{number}-{each.stage}",
            place=place,
            title=f"{STAGE_LABELS[each.stage]}: {bill.title}",
            text="\n\n".join(filter(None, (each.note, bill.summary, act))),
            at=dt.datetime.combine(each.on, dt.time.min, dt.UTC),
            tags=(named, *((_("Law"),) if bill.is_law else ())),
        )
        for number, each in enumerate(bill.stages, start=1)
        if each.on <= until
    ]


@data
def send_updates(request: HttpRequest, kind: str) -> HttpResponseBase:
    """GET /feeds/updates.atom?topic=&institution=: the newest 50 news by creators of petitions."""
    wanted = {"institution": read_institution(request), "topic": read_topic(request)}
    given = {name: value for name, value in wanted.items() if value}
    language = read_language(request)
    with translation.override(language):
        title = _("News from the creator")
    entries = []
    for news in list_news(**wanted, limit=ENTRIES):
        place = f"{site_origin()}/petitions/{news.petition_id}"
        told = f"{place}#news-{int(news.at.timestamp())}"  # as the petition's own feed has it
        tags = (news.topic,) if news.topic else ()
        entries.append(Entry(entry_id=told, place=place, title=news.title, text=news.text, at=news.at, tags=tags))
    feed = Feed(
        title=title,
        address=data_address(f"updates_{kind}_feed") + link(given),
        page=f"{site_origin()}/petitions{link(given)}",
        language=language,
        entries=tuple(entries),
    )
    return send_feed(feed, kind)


def link(given: Mapping[str, str]) -> str:
    """Return a query string; nothing for no parameter."""
    return f"?{urlencode(sorted(given.items()))}" if given else ""


def _say(words: Words, language: str) -> str:
    return choose_words(words, language)[0]


def read_language(request: HttpRequest) -> str:
    """Return the language that `lang` asks for, else English."""
    asked = read_words(request, "lang")
    return asked if asked in LANGUAGES else "en"
