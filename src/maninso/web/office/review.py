"""One petition on the desk: its text with what to look at, similar ones beside it, and every decision about it."""

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from maninso import ManinsoError
from maninso.petitions import discovery, moderation
from maninso.petitions.accounts import Member
from maninso.petitions.moderation import Passage, Review
from maninso.web.office.queue import KINDS, say_span
from maninso.web.office.say import say_error
from maninso.web.shared.accounts import office_page
from maninso.web.shared.answers import render_page
from maninso.web.shared.charters import site_charter
from maninso.web.shared.display import STATE_LABELS, state_tag
from maninso.web.shared.problems import NO_PETITION, Refused
from maninso.web.shared.requests import read_number
from maninso.web.shared.similar import find_twins, show_twin
from maninso.web.shared.tickets import see_other

SALT_LENGTH = 16
DECISIONS = ("approve", "reject", "hide", "remove")
BLOCKED_FOR = dt.timedelta(days=30)


@office_page()
def show_review(request: HttpRequest, member: Member, number: str) -> HttpResponseBase:
    """GET and POST /office/petitions/{id}: one petition on the desk, and what is done with it."""
    now = timezone.now()
    petition_id = read_number(number)
    review = find_review(petition_id, now=now, with_names=request.method != "POST")
    error = ""
    if request.method == "POST":
        try:
            _act(request, review, member, now=now)
        except ManinsoError as fault:
            error = say_error(fault)
            review = find_review(petition_id, now=now, with_names=True)
        else:
            return see_other(reverse("office_review", args=[petition_id]))
    return render_page(
        request, "office/review.html", _describe(review, member, error, now=now), status=409 if error else 200
    )


def find_review(petition_id: int, *, now: dt.datetime, with_names: bool = False) -> Review:
    """Return a petition as the office sees it, `with_names` that patterns do not find; refuses what is nobody's."""
    if with_names:
        review = moderation.read_review(petition_id, now=now, find_names=discovery.find_names)
    else:
        review = moderation.read_review(petition_id, now=now)
    if review is None:
        raise Refused(NO_PETITION)
    return review


def _act(request: HttpRequest, review: Review, member: Member, *, now: dt.datetime) -> None:
    actor, petition_id = member.actor, review.petition_id
    match request.POST.get("do"):
        case "claim":
            moderation.claim(petition_id, actor=actor, now=now, take_over=request.POST.get("over") == "yes")
        case "release":
            moderation.release(petition_id, actor=actor, now=now)
        case "flag":
            moderation.set_hold(petition_id, hold="flagged", actor=actor, now=now)
        case "dormant":
            moderation.set_hold(petition_id, hold="dormant", actor=actor, now=now)
        case "bring-back":
            moderation.set_hold(petition_id, hold="", actor=actor, now=now)
        case "note":
            moderation.add_note(petition_id, text=request.POST.get("text", ""), actor=actor, now=now)
        case "mask":
            passages = list(read_passages(request, review))
            moderation.mask_passages(
                petition_id,
                passages=passages,
                seen=bytes.fromhex(review.seen) if request.POST.get("seen") == review.seen else b"",
                reason_code=request.POST.get("code", ""),
                salts=[os.urandom(SALT_LENGTH) for _ in passages],
                actor=actor,
                now=now,
            )
        case "unmask":
            moderation.unmask_last(petition_id, actor=actor, now=now)
        case "undo":
            moderation.undo_decision(petition_id, actor=actor, now=now)
        case "restore":
            moderation.restore(petition_id, actor=actor, now=now, reason=request.POST.get("text", ""))
        case "hide-news" | "bring-news-back" as what:
            number = request.POST.get("news", "")
            news_id = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
            if what == "hide-news":
                code, why = request.POST.get("code", ""), request.POST.get("note", "")
                moderation.hide_news(petition_id, news_id, code=code, note=why, actor=actor, now=now)
            else:
                moderation.bring_news_back(petition_id, news_id, actor=actor, now=now)
        case "block":
            moderation.block_creator(petition_id, until=now + BLOCKED_FOR, actor=actor, now=now)


def read_passages(request: HttpRequest, review: Review) -> Iterator[tuple[str, int, int]]:
    """Give the passages that a form chose: those found, by place, and every occurrence of the words typed."""
    for place in request.POST.getlist("passage"):
        field, _colon, span = place.partition(":")
        start, _dash, end = span.partition("-")
        if start.isascii() and start.isdigit() and end.isascii() and end.isdigit() and len(span) < 20:
            yield field, int(start), int(end)
    wanted = request.POST.get("words", "").replace("\r\n", "\n")
    if wanted.strip():
        for field, text in (("title", review.title), ("body", review.body)):
            at = text.find(wanted)
            while at >= 0:
                yield field, at, at + len(wanted)
                at = text.find(wanted, at + len(wanted))


def split_text(text: str, passages: tuple[Passage, ...], field: str) -> list[dict[str, Any]]:
    """Return a text in pieces: plain ones, and those that look like personal data, with what they are."""
    pieces: list[dict[str, Any]] = []
    position = 0
    for passage in passages:
        pieces.append({"text": text[position : passage.start]})
        place = f"{field}:{passage.start}-{passage.end}"
        pieces.append({"text": text[passage.start : passage.end], "kind": KINDS[passage.kind], "place": place})
        position = passage.end
    pieces.append({"text": text[position:]})
    return pieces


def _describe(review: Review, member: Member, error: str, *, now: dt.datetime) -> dict[str, Any]:
    may_decide = member.role in ("moderator", "operator")
    is_free = review.holder in ("", member.email)
    title = split_text(review.title, review.in_title, "title")
    body = split_text(review.body, review.in_body, "body")
    return {
        "member": member,
        "review": review,
        "error": error,
        "state": state_tag(review.state),
        "title": title,
        "body": body,
        "found": [piece for piece in [*title, *body] if "kind" in piece],
        "similar": [
            show_twin(each, now=now)
            for each in find_twins(review.title, text=review.body, now=now, but=review.petition_id)
        ],
        "changes": [
            (change, STATE_LABELS.get(change.old, ""), STATE_LABELS.get(change.new, "")) for change in review.changes
        ],
        "held_for": say_span(now - review.held_since) if review.held_since else "",
        "may_decide": may_decide,
        "may_edit": may_decide and is_free and review.state == "moderation",
        "is_free": is_free,
        "is_waiting": review.state == "moderation",
        "may_remove": may_decide and review.state in ("open", "closed") and review.takedown is None,
        "may_restore": member.role == "operator" and review.state in ("rejected", "hidden", "removed"),
        "has_family": review.state in ("moderation", "open", "closed", "rejected", "withdrawn"),
        "family": discovery.show_family(review.petition_id, now=now, for_office=True),
        "may_hide": may_decide and review.state in ("gathering", "moderation", "rejected"),
    }


@office_page("moderator", "operator")
def show_decision(request: HttpRequest, member: Member, number: str, kind: str) -> HttpResponseBase:
    """GET and POST /office/petitions/{id}/{approve, reject, hide, remove}: the letter first, then the decision."""
    now = timezone.now()
    review = find_review(read_number(number), now=now)
    if kind not in DECISIONS:
        raise Refused(NO_PETITION)
    given = request.POST if request.method == "POST" else request.GET
    decision = moderation.Decision(
        kind=kind,
        code=given.get("code", ""),
        note=given.get("note", ""),
        seen=request.POST.get("seen", ""),
        twin=read_twin(request) if kind == "reject" else 0,
    )
    error = ""
    if request.method == "POST" and request.POST.get("do") == "decide":
        try:
            _decide(review, decision, request.POST.get("letter", ""), member, now=now)
        except ManinsoError as fault:
            error = say_error(fault)
            review = find_review(review.petition_id, now=now)
        else:
            return see_other(reverse("office_review", args=[review.petition_id]))
    reasons = [reason for reason in review.reasons if kind not in ("hide",) or reason.hides]
    chosen = kind == "approve" or decision.code in [reason.code for reason in reasons]
    if request.method == "POST" and not chosen and not error:
        error = _("Give a reason that the petition’s rules have.")
    if decision.twin and not error:
        try:
            discovery.preview_family([review.petition_id, decision.twin], now=now)
        except ManinsoError as fault:
            error, chosen = say_error(fault), False
    letter = moderation.preview_letter(review.petition_id, decision)
    is_stale = decision.seen not in ("", review.seen)
    context = {
        "member": member,
        "review": review,
        "kind": kind,
        "decision": decision,
        "reasons": reasons,
        "chosen": chosen,
        "twins": list_twins(review, decision, now=now) if kind == "reject" else [],
        "other": request.POST.get("other", "")[:20],
        "letter": letter,
        # A letter that was written before the text changed may say what was masked since.
        "letter_text": letter.body if is_stale else request.POST.get("letter") or letter.body,
        "error": error,
    }
    return render_page(request, "office/decide.html", context, status=409 if error else 200)


def read_twin(request: HttpRequest) -> int:
    """Return the number of the petition that this one doubles, typed or else picked: 0 for none, -1 for no number."""
    number = request.POST.get("other", "").strip().removeprefix("#") or request.POST.get("twin", "") or "0"
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else -1


def list_twins(review: Review, decision: moderation.Decision, *, now: dt.datetime) -> list[dict[str, Any]]:
    """Return the petitions to choose from that may ask for the same, without those that ask for the opposite."""
    found = find_twins(review.title, text=review.body, now=now, but=review.petition_id)
    twins = [show_twin(each, now=now) for each in found if each.relation != "opposite"]
    return [{**twin, "is_chosen": twin["card"].petition_id == decision.twin} for twin in twins]


def _decide(review: Review, decision: moderation.Decision, letter: str, member: Member, *, now: dt.datetime) -> None:
    if decision.kind == "remove":
        moderation.propose_takedown(
            review.petition_id, code=decision.code, note=decision.note, actor=member.actor, now=now
        )
        return
    own = site_charter()
    decide = discovery.refuse_duplicate if decision.twin else moderation.decide
    decide(
        review.petition_id,
        replace(decision, letter=letter),
        actor=member.actor,
        now=now,
        charter=own if own.id == review.charter_id else None,  # approving pins the rules in force today
    )


@office_page()
def show_second(request: HttpRequest, member: Member) -> HttpResponseBase:
    """GET and POST /office/second: what takes a second pair of eyes: proposed take-downs, and appeals."""
    now = timezone.now()
    error = ""
    if request.method == "POST":
        try:
            _decide_second(request, member, now=now)
        except ManinsoError as fault:
            error = say_error(fault)
        else:
            return see_other(reverse("office_second"))
    context = {
        "member": member,
        "takedowns": moderation.list_takedowns(),
        "appeals": moderation.list_appeals(),
        "may_decide": member.role in ("moderator", "operator"),
        "error": error,
    }
    return render_page(request, "office/second.html", context, status=409 if error else 200)


def _decide_second(request: HttpRequest, member: Member, *, now: dt.datetime) -> None:
    number = request.POST.get("id", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Refused(NO_PETITION)
    match request.POST.get("do"):
        case "agree" | "decline" as answer:
            moderation.decide_takedown(int(number), agree=answer == "agree", actor=member.actor, now=now)
        case "uphold" | "dismiss" as answer:
            text = request.POST.get("text", "")
            moderation.decide_appeal(int(number), uphold=answer == "uphold", answer=text, actor=member.actor, now=now)
