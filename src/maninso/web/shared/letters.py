"""What messages say, in the reader's language, as text and as simple HTML.

A letter is made when it is sent and stored nowhere. The link that signs is the signed ticket itself, for an hour from
then on, and for one petition.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maninso.identity.confirmation import LIFETIME, choose_lifetime, make_confirmation, seal_subscription
from maninso.identity.mailbox import read_mailbox
from maninso.identity.proof import ACCOUNT, Challenge, derive_code
from maninso.petitions import access, letters, notices
from maninso.petitions.access import site
from maninso.petitions.notices import StoredMessage
from maninso.web.shared.addresses import site_origin
from maninso.web.shared.formats import settle_particles


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message in words. `identifier` is the same whenever it is sent again; `unsubscribe` an address, or ""."""

    recipient: str
    sender_name: str
    subject: str
    text: str
    html: str
    language: str
    date: dt.datetime
    identifier: str
    unsubscribe: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a letter is made of; `paragraphs` come before the link, if there is one, and `notes` after it."""

    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    notes: tuple[str, ...]
    link: str = ""
    label: str = ""
    unsubscribe: str = ""


def write_letter(message: StoredMessage, *, now: dt.datetime) -> Letter:
    """Return the letter of a stored message, with links that hold from `now` on."""
    with _in_language(message.language):
        words = _WRITERS[message.kind](message, now)
        seals = _read_seals(message.petition_id)
        context = {
            "words": words,
            "language": message.language,
            "petition_title": message.petition_title,
            "petition_language": message.petition_language,
            "seals": seals,
            "origin": site_origin(),
        }
        html = settle_particles(render_to_string("maninso/letters/letter.html", context))
        return Letter(
            recipient=message.recipient,
            sender_name=_("Maninso"),
            subject=settle_particles(words.subject),
            text=settle_particles(_write_text(words, message.petition_title, seals)),
            html=html,
            language=message.language,
            date=now,
            identifier=f"m{message.message_id}.{int(message.created_at.timestamp())}",
            unsubscribe=words.unsubscribe,
        )


def _confirm(message: StoredMessage, now: dt.datetime) -> Words:
    facts = message.facts  # without a closing, where it was stored by a version that knew no grace
    lifetime = LIFETIME
    if "closes_at" in facts:
        lifetime = choose_lifetime(closes_at=facts["closes_at"], grace=facts["grace"], now=now.timestamp())
    if lifetime == LIFETIME:
        holds = _("The link holds for %(minutes)s minutes and for this petition alone.") % {"minutes": LIFETIME // 60}
    else:
        holds = _(
            "The petition closes soon. You asked in time: the link holds for %(hours)s hours, for this petition alone."
        ) % {"hours": lifetime // 3600}
    ticket = make_confirmation(
        settings.MANINSO_SUBJECT_SECRET(),
        settings.MANINSO.secret_key,
        mailbox=read_mailbox(message.recipient),
        petition_id=message.petition_id,
        issuer=facts["issuer"],
        age=facts["age"],
        now=now.timestamp(),
        lifetime=lifetime,
    )
    link = site_origin() + reverse("confirm", args=[message.petition_id]) + "?" + urlencode({"ticket": ticket})
    return Words(
        subject=_("Sign: %(title)s") % {"title": _cut(message.petition_title)},
        heading=_("One step to your signature"),
        paragraphs=(
            _("Somebody, most likely you, asked to sign this petition with this address."),
            _("Open the link and press the button there. Opening the link alone signs nothing."),
        ),
        link=link,
        label=_("Go to the button that signs"),
        notes=(
            holds,
            _("It was not you? Then do nothing: nothing is stored of you, and this message was the only trace."),
            _("Do not pass this message on: whoever has the link can sign in your place."),
        ),
    )


def _subscribe(message: StoredMessage, now: dt.datetime) -> Words:
    token = seal_subscription(
        settings.MANINSO.secret_key,
        address=message.recipient,
        petition_id=message.petition_id,
        language=message.language,
        now=now.timestamp(),
    )
    link = site_origin() + reverse("subscribe", args=[message.petition_id]) + "?" + urlencode({"token": token})
    return Words(
        subject=_("News of: %(title)s") % {"title": _cut(message.petition_title)},
        heading=_("Do you want news of this petition?"),
        paragraphs=(
            _("Somebody, most likely you, asked that this address be told what becomes of this petition."),
            _("Open the link and press the button there. Until then this address is not stored."),
        ),
        link=link,
        label=_("Go to the button that says yes"),
        notes=(
            _("The link holds for %(minutes)s minutes and for this petition alone.") % {"minutes": LIFETIME // 60},
            _("It was not you? Then do nothing."),
        ),
    )


def _update(message: StoredMessage, now: dt.datetime) -> Words:
    token = notices.make_token(subscriber_id=message.facts["subscriber"], petition_id=message.petition_id)
    unsubscribe = site_origin() + reverse("unsubscribe", args=[token])
    if message.facts["what"] == "creator":
        return Words(
            subject=_("News of: %(title)s") % {"title": _cut(message.petition_title)},
            heading=_("The creator has news"),
            paragraphs=tuple(message.facts["text"].split("\n\n")),
            link=site_origin() + reverse("petition", args=[message.petition_id]),
            label=_("To the petition"),
            notes=(_("No more news of this petition: %(link)s") % {"link": unsubscribe},),
            unsubscribe=unsubscribe,
        )
    if message.facts["what"] == "opened":
        return Words(
            subject=_("Open: %(title)s") % {"title": _cut(message.petition_title)},
            heading=_("The petition is open"),
            paragraphs=(
                _("A petition that you asked to hear of was checked, and anyone may sign it now."),
                _("If you supported it before, your support is a signature already."),
            ),
            link=site_origin() + reverse("petition", args=[message.petition_id]),
            label=_("To the petition"),
            notes=(_("No more news of this petition: %(link)s") % {"link": unsubscribe},),
            unsubscribe=unsubscribe,
        )
    return Words(
        **_say_answer(message),
        notes=(_("No more news of this petition: %(link)s") % {"link": unsubscribe},),
        unsubscribe=unsubscribe,
    )


def _say_answer(message: StoredMessage) -> dict[str, Any]:
    """What an answer's message says: who answered, the answer in brief, and where the whole of it stands."""
    author, summary = message.facts.get("author", ""), message.facts.get("summary", "")
    corrected = message.facts.get("version", 1) > 1
    said = (_("%(author)s writes: %(summary)s") % {"author": author, "summary": summary},) if summary else ()
    return {
        "subject": (_("Answer corrected: %(title)s") if corrected else _("Answered: %(title)s"))
        % {"title": _cut(message.petition_title)},
        "heading": _("The institution has corrected its answer") if corrected else _("The institution has answered"),
        "paragraphs": (_("There is an answer to a petition that you asked to hear of."), *said),
        "link": site_origin() + reverse("petition", args=[message.petition_id]),
        "label": _("Read the answer"),
    }


def _desk(message: StoredMessage, now: dt.datetime) -> Words:
    if message.facts["what"] == "preview":
        return Words(
            **_say_answer(message),
            notes=(_("Only you got this: so will the message look to those who asked for news."),),
        )
    left = message.facts["days_left"]
    title = {"title": _cut(message.petition_title)}
    if left < 0:
        when = ngettext("%(n)s day late", "%(n)s days late", -left) % {"n": -left}
        heading = _("An answer is overdue")
    else:
        when = ngettext("due in %(n)s day", "due in %(n)s days", left) % {"n": left} if left else _("due today")
        heading = _("An answer is due")
    return Words(
        subject=f"{when}: {title['title']}",
        heading=heading,
        paragraphs=(_("The answer to this petition is %(when)s.") % {"when": when},),
        link=site_origin() + reverse("office_debt", args=[message.facts["obligation"]]),
        label=_("To the desk"),
        notes=(_("You get this because you answer what is owed here. It ends with the answer."),),
    )


def _creator(message: StoredMessage, now: dt.datetime) -> Words:
    letter = letters.find_letter(message.facts["letter"], now=now)
    body = str(message.facts.get("body") or letter.body)
    return Words(
        subject=letter.subject,
        heading=letter.subject,
        paragraphs=tuple(part for part in body.replace("\r\n", "\n").split("\n\n") if part.strip()),
        notes=(_("You get this because you raised this petition. You can also read it on your petition’s own page."),),
    )


def _code(message: StoredMessage, now: dt.datetime) -> Words:
    code = derive_code(settings.MANINSO.secret_key, Challenge(address=message.recipient, **message.facts))
    code = f"{code[:4]} {code[4:]}"
    if message.facts["purpose"] == ACCOUNT:
        why = _("Somebody, most likely you, wants to keep a petition in an account with this address.")
        where = _("Type this code on the page where you were. Until then there is no such account.")
    else:
        why = _("Somebody, most likely you, wants to raise or support a petition with this address.")
        if str(message.facts["purpose"]).startswith("verdict "):
            why = _("Somebody, most likely you, wants to judge an answer with this address.")
        where = _("Type this code on the page where you were writing. What you wrote is still there.")
    return Words(
        subject=_("%(code)s is your code") % {"code": code},
        heading=code,
        paragraphs=(why, where),
        notes=(
            _("The code holds for an hour, for this one thing; it signs nothing else."),
            _("It was not you? Then do nothing, and tell nobody the code."),
        ),
    )


_WRITERS = {
    "confirm": _confirm,
    "subscribe": _subscribe,
    "update": _update,
    "letter": _creator,
    "code": _code,
    "desk": _desk,
}

_LONGEST_TITLE = 60  # characters of a subject line


def _cut(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1] + "…"


def _read_seals(petition_id: int | None) -> list[tuple[str, str]]:
    """The checkpoints that a letter carries out of this site's reach, each with what it is; none before the first."""
    file = access.read_log_file(petition_id, "checkpoint") if petition_id else None
    seals = [
        (
            _("The petition’s sealed count at this moment. Keep it, and anyone can check it later:"),
            file.body.decode() if file else "",
        ),
        (_("The seal of this site’s own ledger, which names those of all petitions:"), site.read_checkpoint_text()),
    ]
    return [(words, seal) for words, seal in seals if seal]


def _write_text(words: Words, title: str, seals: list[tuple[str, str]]) -> str:
    about = [f"“{title}”"] if title else []
    link = [f"{words.label}:\n{words.link}"] if words.link else []
    parts = [words.heading, *about, *words.paragraphs, *link, *words.notes]
    for said, seal in seals:
        parts.append(f"{said}\n" + "\n".join(f"    {line}".rstrip() for line in seal.rstrip().split("\n")))
    parts.append(f"-- \n{site_origin()}")
    return "\n\n".join(parts) + "\n"


@contextmanager
def _in_language(language: str) -> Iterator[None]:
    outer = get_script_prefix()
    set_script_prefix(f"/{language}/")
    try:
        with translation.override(language):
            yield
    finally:
        set_script_prefix(outer)
