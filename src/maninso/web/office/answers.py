"""One answer on the clerk's desk: written, read by a second pair of eyes, published, revised, taken back."""

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation

from maninso import ManinsoError
from maninso.petitions import obligations
from maninso.petitions.accounts import Member
from maninso.petitions.obligations import LARGEST_DOCUMENT, ReplyText, ReplyView
from maninso.web.office.debts import may_act
from maninso.web.office.say import read_petitions, say_error
from maninso.web.shared.accounts import office_page
from maninso.web.shared.answers import render_page
from maninso.web.shared.display import REPLY_TAGS
from maninso.web.shared.files import read_file_name, send_document
from maninso.web.shared.formats import local
from maninso.web.shared.problems import NO_PAGE, WRONG_ROLE, Refused
from maninso.web.shared.requests import read_number
from maninso.web.shared.tickets import see_other

LANGUAGES = (("ko", "한국어"), ("en", "English"))
_TYPED = ("author", "summary", "body", "language", "publish_at", "petitions")
_MOMENT = "%Y-%m-%dT%H:%M"  # as browsers send it (HTML, local date and time)


class MomentError(ManinsoError):
    """What was sent is no date and time."""


@office_page()
def show_answer(request: HttpRequest, member: Member, number: str) -> HttpResponseBase:
    """GET and POST /office/answers/{id}: write an answer, hand it on, approve it, publish it, take it back."""
    reply = find_reply(number)
    if not may_act(member, reply.institution) and request.method == "POST":
        raise Refused(WRONG_ROLE)
    error = ""
    if request.method == "POST":
        try:
            _act(request, reply, member)
        except ManinsoError as fault:
            error = say_error(fault)
            reply = find_reply(number)
        else:
            return see_other(reverse("office_answer", args=[reply.reply_id]))
    return render_page(
        request, "office/answer.html", _describe(request, reply, member, error), status=409 if error else 200
    )


@office_page()
def send_office_document(request: HttpRequest, member: Member, number: str, name: str) -> HttpResponseBase:
    """GET /office/answers/{id}/documents/{sha256}.{ending}: a document of an answer, of its draft too."""
    named = read_file_name(name)
    found = obligations.read_reply_document(read_number(number), named[0]) if named else None
    if named is None or found is None or found[0].ending != named[1]:
        raise Refused(NO_PAGE)
    return send_document(*found)


def find_reply(number: str) -> ReplyView:
    """Return the answer of an address; refuses what is nobody's."""
    reply = obligations.read_reply(read_number(number), now=timezone.now())
    if reply is None:
        raise Refused(NO_PAGE)
    return reply


def _act(request: HttpRequest, reply: ReplyView, member: Member) -> None:
    now, actor, number = timezone.now(), member.actor, reply.reply_id
    seen = read_revision(request)
    match request.POST.get("do"):
        case "save" | "propose" as what:
            chosen = {int(each) for each in request.POST.getlist("meets") if each.isascii() and each.isdigit()}
            text, petitions = read_text(request), read_petitions(request.POST.get("petitions", ""))
            seen = obligations.edit_reply(
                number, text=text, obligations=chosen, petitions=petitions, seen=seen, actor=actor, now=now
            )
            if what == "propose":
                obligations.propose_reply(number, seen=seen, actor=actor, now=now)
        case "attach":
            upload = request.FILES.get("file")
            content = upload.read(LARGEST_DOCUMENT + 1) if upload else b""
            title = request.POST.get("title", "")
            obligations.attach_document(number, title=title, content=content, seen=seen, actor=actor, now=now)
        case "detach":
            digest = request.POST.get("digest", "")
            obligations.detach_document(number, digest=digest, seen=seen, actor=actor, now=now)
        case "approve":
            obligations.approve_reply(number, seen=seen, actor=actor, now=now)
        case "back":
            obligations.send_back_reply(number, note=request.POST.get("note", ""), actor=actor, now=now)
        case "preview":
            language = translation.get_language() or "ko"
            obligations.preview_mail(number, language=language, actor=actor, now=now)
        case "revise":
            obligations.revise_reply(number, actor=actor, now=now)
        case "drop":
            obligations.drop_reply(number, actor=actor, now=now)
        case "retract":
            obligations.retract_reply(number, reason=request.POST.get("reason", ""), actor=actor, now=now)


def read_revision(request: HttpRequest) -> int:
    """Return the revision that the sender had before them; 0, which is none, where it is not said."""
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0


def read_text(request: HttpRequest) -> ReplyText:
    """Return what a clerk wrote. Raises MomentError for a time of publication that is none."""
    when = request.POST.get("publish_at", "").strip()
    try:
        at = dt.datetime.strptime(when, _MOMENT).replace(tzinfo=timezone.get_default_timezone()) if when else None
    except ValueError as error:
        raise MomentError(f"publish_at: {when!r}", cure="give a day and a time, or leave it empty") from error
    return ReplyText(
        author=request.POST.get("author", ""),
        summary=request.POST.get("summary", ""),
        body=request.POST.get("body", ""),
        language=request.POST.get("language", ""),
        with_mail=request.POST.get("with_mail") == "yes",
        publish_at=at,
    )


def _describe(request: HttpRequest, reply: ReplyView, member: Member, error: str) -> dict[str, Any]:
    acts = may_act(member, reply.institution)
    targets = obligations.list_targets(reply)
    words = {name: getattr(reply, name) for name in ("author", "summary", "body", "language", "with_mail")}
    words["petitions"] = " ".join(str(each.petition_id) for each in reply.petitions)
    words["publish_at"] = f"{local(reply.publish_at):{_MOMENT}}" if reply.publish_at else ""
    chosen = {each.obligation_id for each in targets if each.chosen}
    if error and request.POST.get("do") in ("save", "propose"):  # nothing that was written is lost
        words = {name: request.POST.get(name, "") for name in _TYPED}
        words["with_mail"] = request.POST.get("with_mail") == "yes"
        chosen = {int(each) for each in request.POST.getlist("meets") if each.isascii() and each.isdigit()}
    is_own = member.email in (reply.proposed_by, reply.written_by)
    return {
        "member": member,
        "reply": reply,
        "tag": REPLY_TAGS[reply.state],
        "words": words,
        "languages": LANGUAGES,
        "targets": [{"target": each, "chosen": each.obligation_id in chosen} for each in targets],
        "error": error,
        "given_title": request.POST.get("title", "") if error else "",
        "largest": LARGEST_DOCUMENT,
        "documents_at": f"/office/answers/{reply.reply_id}/documents/",
        "may_act": acts,
        "may_write": acts and reply.state in ("writing", "proposed"),
        "may_approve": acts and reply.state == "proposed" and not is_own,
        "is_own": is_own,
        "next_version": reply.versions + 1,
    }
