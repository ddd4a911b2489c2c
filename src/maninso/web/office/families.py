"""The family desk: petitions that ask for the same are brought together, and taken apart, by people with a reason."""

import datetime as dt
import re
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from maninso import ManinsoError
from maninso.petitions import discovery
from maninso.petitions.accounts import Member
from maninso.petitions.discovery import FamilyPreview
from maninso.web.office.review import find_review
from maninso.web.shared.accounts import office_page
from maninso.web.shared.answers import render_page
from maninso.web.shared.display import show_card, state_tag
from maninso.web.shared.problems import WRONG_ROLE, Refused
from maninso.web.shared.requests import LARGEST_NUMBER, read_number
from maninso.web.shared.similar import LEAST, show_twin
from maninso.web.shared.tickets import see_other

MERGERS = ("moderator", "clerk", "operator")  # the domain refuses all others
MOST_NAMED = 50  # petitions in one merge
CANDIDATES = 12

_NUMBER = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


@office_page()
def show_desk(request: HttpRequest, member: Member, number: str) -> HttpResponseBase:
    """GET and POST /office/petitions/{id}/family: its family, who else may belong to it; preview, merge, split."""
    now = timezone.now()
    review = find_review(read_number(number), now=now)
    petition_id, error, preview = review.petition_id, "", None
    named = read_named(request) if request.method == "POST" else []
    note = request.POST.get("note", "")[:2000]
    if request.method == "POST":
        if member.role not in MERGERS:
            raise Refused(WRONG_ROLE)
        try:
            preview = _act(request, petition_id, named, note, member, now=now)
        except ManinsoError as fault:
            error = say_family_error(fault)
        else:
            if preview is None:
                return see_other(reverse("office_family", args=[petition_id]))
    context = {
        "review": review,
        "state": state_tag(review.state),
        "may_merge": member.role in MERGERS,
        "note": note,
        "named": set(named),
        "typed": request.POST.get("numbers", "")[:400],
        "error": error,
        **_describe_preview(preview, now=now),
        **_describe_desk(petition_id, now=now),
    }
    return render_page(request, "office/family.html", context, status=409 if error else 200)


def _act(
    request: HttpRequest, petition_id: int, named: list[int], note: str, member: Member, *, now: dt.datetime
) -> FamilyPreview | None:
    match request.POST.get("do"):
        case "preview":
            return discovery.preview_family([petition_id, *named], now=now)
        case "merge":
            discovery.merge_petitions([petition_id, *named], note=note, actor=member.actor, now=now)
        case "split":
            leaving = request.POST.get("leaving", "")
            number = int(leaving) if _NUMBER.fullmatch(leaving) else 0
            discovery.split_petition(min(number, LARGEST_NUMBER), note=note, actor=member.actor, now=now)
    return None


def read_named(request: HttpRequest) -> list[int]:
    """Return the petitions that a form names, ticked or typed; what is no number is left out."""
    typed = re.split(r"[\s,;#]+", request.POST.get("numbers", "")[:400])
    found = [text for text in [*request.POST.getlist("id"), *typed] if _NUMBER.fullmatch(text)]
    numbers = [int(text) for text in found if int(text) <= LARGEST_NUMBER]
    return list(dict.fromkeys(numbers))[:MOST_NAMED]


def say_family_error(error: ManinsoError) -> str:
    """Return what is wrong with a merge or a split."""
    if isinstance(error, discovery.SearchTooSlowError):
        return _("This search takes too long at the moment.")
    return _(
        "This cannot be one family: give a reason, and name at least one other petition that is on the public lists or"
        " waits for a decision."
        " Nothing was changed."
    )


def _describe_desk(petition_id: int, *, now: dt.datetime) -> dict[str, Any]:
    family = discovery.show_family(petition_id, now=now, for_office=True)
    try:
        candidates = discovery.find_candidates(petition_id, limit=CANDIDATES, now=now)
    except discovery.SearchTooSlowError:
        candidates, slow = (), True
    else:
        slow = False
    return {
        "family": family,
        "members": [show_card(card, now=now) for card in family.others] if family else [],
        "candidates": [show_twin(each, now=now) for each in candidates if each.score >= LEAST],
        "slow": slow,
        "changes": discovery.list_family_changes(petition_id),
    }


def _describe_preview(preview: FamilyPreview | None, *, now: dt.datetime) -> dict[str, Any]:
    if preview is None:
        return {"preview": None}
    titles = {card.petition_id: card for card in preview.members}
    return {
        "preview": preview,
        "preview_members": [
            {**show_card(card, now=now), "is_new": card.petition_id in preview.added} for card in preview.members
        ],
        "opposed": [(titles[one], titles[other]) for one, other, _stance in preview.opposed],
    }
