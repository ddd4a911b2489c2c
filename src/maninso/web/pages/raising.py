"""Raising a petition: one thing a page, nothing stored until it is handed in.

What was written so far travels in a signed field of the form, so that the pages need no cookie and no script, and going
back to a step keeps everything.
"""

import datetime as dt
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from maninso import charter as rules
from maninso.ledger.evidence import SALT_LENGTH
from maninso.petitions import raising
from maninso.petitions.lifecycle import find_bad_character
from maninso.petitions.noticeboard import is_paused
from maninso.signing.problems import Refused as SigningRefused
from maninso.signing.reading import check_origin
from maninso.web.pages import proving
from maninso.web.shared.addresses import site_origin
from maninso.web.shared.answers import page, private_page, render_page
from maninso.web.shared.charters import site_charter
from maninso.web.shared.formats import say_limit
from maninso.web.shared.problems import FORBIDDEN, Refused
from maninso.web.shared.similar import find_twins, show_twin
from maninso.web.shared.tickets import name_network, see_other

SALT = "draft of a petition"
STEPS = ("eligible", "prove", "title", "similar", "text", "length", "name", "check")
LONGEST_NAME = 100  # characters
LONGEST_ADDRESS = 254

_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s.\x00-\x1f\x7f]+(\.[^@\s.\x00-\x1f\x7f]+)+")
_LINK = re.compile(r"https?://|\bwww\.|[a-z0-9-]+\.(com|net|org|kr)\b", re.IGNORECASE)
_FORMULA = "=+-@＝＋－＠"
_HANGUL = re.compile("[가-힣]")

State = dict[str, str]


@page
def start_petition(request: HttpRequest) -> HttpResponseBase:
    """GET /petitions/new: how a petition is raised here, and the first question: whether one may."""
    if is_paused("creating-paused"):
        return see_other(reverse("front"))  # where the notice on top says why
    return begin(request)


def begin(request: HttpRequest) -> HttpResponseBase:
    """Return the first page."""
    return render_page(request, "new.html", _describe_rules(site_charter()))


@csrf_exempt  # nothing is stored before the last step, which looks at where the form comes from
@private_page
def take_step(request: HttpRequest) -> HttpResponseBase:
    """GET and POST /petitions/new/steps: one step of the form answers, and the next one is shown."""
    if is_paused("creating-paused"):
        return see_other(reverse("front"))
    if request.method != "POST":
        return begin(request)
    charter, now = site_charter(), timezone.now()
    state, step = read_state(request.POST.get("state", "")), request.POST.get("step", "eligible")
    if step not in STEPS or (not state and step != "eligible"):
        return begin(request)
    wanted = request.POST.get("change", "")
    if wanted in STEPS[1:]:
        return show_step(request, charter, wanted, {**state, **_kept(request, step)}, now=now)
    if step == "check":
        state = {**state, **_kept(request, "check")}
        return hand_in(request, charter, state, now=now)
    given, error = check_step(request, charter, step)
    if error:
        return show_step(request, charter, step, {**state, **given}, now=now, error=error)
    if step == "eligible":
        if not given["eligible"]:
            return render_page(request, "raise/no.html", _describe_rules(charter))
        given["nonce"] = urlsafe_b64encode(raising.make_nonce()).decode()
    state = {**state, **given}
    following = "check" if state.get("complete") else next_step(charter, step, state, now=now)
    if following == "prove" and not asks_for_provider(request, now=now):
        following = next_step(charter, following, state, now=now)
    return show_step(request, charter, following, state, now=now)


def asks_for_provider(request: HttpRequest, *, now: dt.datetime) -> bool:
    """Whether to offer providers before anything is written: going to one leaves the form."""
    wanted = proving.wanted_to_raise()
    return (
        not settings.MANINSO.rehearsal
        and bool(proving.find_providers(wanted))
        and proving.read_proof_cookie(request, wanted, now=now) is None
    )


@private_page
def show_proved(request: HttpRequest) -> HttpResponseBase:
    """GET /petitions/new/proved: back from a provider, to go on writing; changes nothing."""
    proved = proving.read_proof_cookie(request, proving.wanted_to_raise(), now=timezone.now()) is not None
    context = {"proved": proved, "beside": "beside" in request.GET, "note": proving.describe_note(request)}
    return render_page(request, "raise/proved.html", context)


def next_step(charter: rules.Charter, step: str, state: State, *, now: dt.datetime) -> str:
    """Return the step that follows, without those that have nothing to ask."""
    following = STEPS[STEPS.index(step) + 1]
    if following == "similar" and not find_twins(state["title"], now=now, state="open"):
        return next_step(charter, following, state, now=now)
    if following == "length" and not charter.collecting.choices:
        return next_step(charter, following, state, now=now)
    return following


def check_step(request: HttpRequest, charter: rules.Charter, step: str) -> tuple[State, str]:
    """Return what a step was answered with, and what is wrong with it ("" where nothing is)."""
    given = _kept(request, step)
    match step:
        case "eligible":
            if request.POST.get("eligible") not in ("yes", "no"):
                return given, _("Choose one of the two.")
            given["eligible"] = "yes" if request.POST["eligible"] == "yes" else ""
        case "title" | "text":
            return given, check_text(charter, step, given)
        case "length":
            if given["length"] not in [length.render() for length in charter.collecting.choices]:
                return given, _("Choose one of the lengths.")
        case "name":
            return given, check_name(given)
    return given, ""


def check_text(charter: rules.Charter, step: str, given: State) -> str:
    """Return what is wrong with a title or text, in the reader's language."""
    field = "title" if step == "title" else "body"
    text = given[field]
    bad = find_bad_character(text, lines=step == "text", joiners=step == "text")
    if bad:
        return say_bad_character(bad.position, bad.code)
    if step == "title" and text[:1] in _FORMULA and text:
        return _("Begin with a letter or a digit: spreadsheets take this sign for a formula.")
    faults = rules.find_text_faults(charter, title=given.get("title", "x"), body=given.get("body", "x"))
    for fault in faults:
        if fault.field == field:
            match fault.code:
                case "empty":
                    return _("Write something here.")
                case "link":
                    return _("The rules allow no links: say in words where to look.")
                case "too-long":
                    return _("It is %(over)s too long: %(used)s of at most %(most)s.") % {
                        "over": say_limit(fault.used - fault.limit, fault.unit),
                        "used": f"{fault.used:,}",
                        "most": f"{fault.limit:,}",
                    }
    return ""


def check_name(given: State) -> str:
    """Return what is wrong with a creator's name or address."""
    name, address = given["name"], given["address"]
    bad = find_bad_character(name + address, joiners=False)
    if bad:
        return say_bad_character(bad.position, bad.code)
    if len(name) > LONGEST_NAME:
        return _("This name is too long: use at most %(most)s characters.") % {"most": LONGEST_NAME}
    if name[:1] in _FORMULA and name:
        return _("Begin with a letter or a digit: spreadsheets take this sign for a formula.")
    if _LINK.search(name):
        return _("A name holds no web address.")
    if address and (len(address) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(address)):
        return _("This is no e-mail address: write it as name@example.org.")
    return ""


def say_bad_character(position: int, code: str) -> str:
    """Return what to do about a character that no text may hold."""
    return _(
        "Character %(position)s (%(code)s) cannot be seen as what it is. Delete it; typing the passage again instead of"
        " pasting it is the surest way."
    ) % {"position": f"{position:,}", "code": code}


def show_step(
    request: HttpRequest, charter: rules.Charter, step: str, state: State, *, now: dt.datetime, error: str = ""
) -> HttpResponseBase:
    """Return the page of one step, with what was said so far."""
    if step == "check":
        state = {**state, "complete": "yes"}
    context: dict[str, Any] = {
        **_describe_rules(charter),
        "step": step,
        "number": STEPS.index(step),
        "steps": len(STEPS) - 1,
        "said": state,
        "state": sign_state(state),
        "error": error,
    }
    if step == "similar":
        twins = find_twins(state.get("title", ""), now=now, state="open")
        context["cards"] = [show_twin(each, now=now) for each in twins]
    if step == "check":
        wanted = proving.wanted_to_raise()
        who = proving.show_proving(
            request,
            wanted,
            challenge=state.get("challenge", ""),
            address=state.get("proof_email") or state.get("address", ""),
            now=now,
        )
        context |= {"language_of_text": guess_language(state), "who_is_it": who}
    if step == "prove":
        wanted = proving.wanted_to_raise()
        context |= {"by_provider": proving.find_providers(wanted), "by_email": proving.takes_email(wanted)}
    template = "new.html" if step == "eligible" else f"raise/{step}.html"
    return render_page(request, template, context, status=422 if error else 200)


def hand_in(request: HttpRequest, charter: rules.Charter, state: State, *, now: dt.datetime) -> HttpResponseBase:
    """Take the whole petition: checked anew, once, for somebody who has proved who they are."""
    try:
        check_origin(request.headers, host=settings.MANINSO.host)
    except SigningRefused as refused:
        raise Refused(FORBIDDEN) from refused
    if not state.get("eligible") or not state.get("nonce"):
        return begin(request)
    for step in ("title", "text", "name"):
        error = check_text(charter, step, state) if step != "name" else check_name({"name": "", "address": "", **state})
        if error:
            return show_step(request, charter, step, state, now=now, error=error)
    proof = proving.prove(request, proving.wanted_to_raise(), challenge=state.get("challenge", ""), now=now)
    ticket, state = proof.ticket, {**state, "challenge": proof.challenge}
    if ticket is None:  # a code is on its way, or there is something to say
        return show_step(request, charter, "check", state, now=now, error=proof.error)
    draft = raising.Draft(
        title=state["title"],
        body=state["body"],
        language=guess_language(state),
        creator_name=state.get("name", ""),
        address=state.get("address", ""),
        length=state.get("length", ""),
    )
    prefix = reverse("creator", args=["ID", "TOKEN"])
    address = site_origin() + prefix.replace("ID", "{id}").replace("TOKEN", "{token}")
    try:
        raised = raising.raise_petition(
            charter=charter,
            draft=draft,
            ticket=ticket,
            nonce=urlsafe_b64decode(state["nonce"]),
            page=address,
            salt=os.urandom(SALT_LENGTH),
            now=now,
            network=name_network(request),
        )
    except raising.NotEligibleError as refusal:
        words = refusal.text.in_language(translation.get_language() or "ko")
        return show_step(request, charter, "check", state, now=now, error=words)
    context = {
        **_describe_rules(charter),
        "said": state,
        "page": address.format(id=raised.petition_id, token=raised.links.creator),
    }
    return render_page(request, "raise/done.html", context)


def guess_language(state: State) -> str:
    """Return the language of a petition: Korean where a fifth of its letters are Hangul, else English."""
    letters = [each for each in state.get("title", "") + state.get("body", "") if each.isalpha()]
    return "ko" if letters and len(_HANGUL.findall("".join(letters))) * 5 >= len(letters) else "en"


def sign_state(state: State) -> str:
    """Return what was said so far, as the form carries it."""
    return signing.dumps(state, salt=SALT, compress=True)


def read_state(text: str) -> State:
    """Return what was said so far; nothing where it was not signed here."""
    try:
        state = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError):
        return {}
    return {str(name): str(value) for name, value in state.items()} if isinstance(state, dict) else {}


def _kept(request: HttpRequest, step: str) -> State:
    """Return a step's fields as they were sent, with line ends as texts keep them."""
    fields = {"title": ("title",), "text": ("body",), "length": ("length",), "name": ("name", "address")}
    fields["check"] = ("proof_email",)
    return {
        name: request.POST.get(name, "").replace("\r\n", "\n").replace("\r", "\n").strip()
        for name in fields.get(step, ())
    }


def _describe_rules(charter: rules.Charter) -> dict[str, Any]:
    language = translation.get_language() or "ko"
    return {
        "charter": charter,
        "title": charter.title.in_language(language),
        "who": charter.creator.who.in_language(language),
        "title_limit": say_limit(charter.text.title_max, charter.text.title_unit),
        "body_limit": say_limit(charter.text.body_max, charter.text.body_unit),
        "lengths": [(each.render(), rules.say_length(each, language)) for each in charter.collecting.choices],
        "regions": charter.regions,
    }
