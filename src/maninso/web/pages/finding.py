"""What the page of a list shows around its cards: the filter, what narrows it, the pager, and what to try instead."""

from dataclasses import replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from maninso.petitions.discovery import PetitionPage, Wanted
from maninso.web.shared.charters import name_institution
from maninso.web.shared.filters import link_filter

STATES: tuple[tuple[str, Promise], ...] = (
    ("all", _("All")),
    ("open", _("Open")),
    ("reached", _("Reached a threshold")),
    ("awaiting_response", _("Answer owed")),
    ("overdue", _("Overdue")),
    ("with_response", _("Answered")),
    ("closed", _("Closed")),
    ("rejected", _("Rejected")),
)
SORTS: tuple[tuple[str, Promise], ...] = (
    ("signatures", _("Most signatures")),
    ("trending", _("Most signed in the last hour")),
    ("newest", _("Newest")),
    ("ending", _("Ending soon")),
    ("relevance", _("Best match")),
)


def show_filter(found: PetitionPage) -> dict[str, Any]:
    """Return what the form of a list, its chips and its suggestions need."""
    wanted, choices = found.wanted, found.choices
    several = len(choices.institutions) > 1
    return {
        "states": [(*state, link_filter(wanted, state=state[0])) for state in STATES],
        "sorts": SORTS,
        "institutions": [(name, name_institution(name)) for name in choices.institutions] if several else [],
        "narrowed": _list_narrowed(wanted),
        "has_more": bool(wanted.institution or wanted.region or wanted.since or wanted.until),
        "suggestion": link_filter(replace(wanted, query=found.suggestion)) if found.suggestion else "",
        "exactly": link_filter(replace(wanted, query=f'"{wanted.query}"')),
        "anywhere": link_filter(Wanted(query=wanted.query, sort="relevance")),
    }


def _list_narrowed(wanted: Wanted) -> list[tuple[Promise, str, str]]:
    """Return what narrows a list: how to say that it is taken away, its value, and a link to the list without it."""
    narrowed = (
        ("q", _("Remove the words"), f"“{wanted.query}”" if wanted.query else ""),
        ("topic", _("Remove the topic"), wanted.topic),
        (
            "institution",
            _("Remove the institution"),
            name_institution(wanted.institution) if wanted.institution else "",
        ),
        ("region", _("Remove the region"), wanted.region),
        ("since", _("Remove the first day"), f"{wanted.since} –" if wanted.since else ""),
        ("until", _("Remove the last day"), f"– {wanted.until}" if wanted.until else ""),
    )
    return [(label, value, link_filter(wanted, **{name: ""})) for name, label, value in narrowed if value]


def show_pager(found: PetitionPage) -> dict[str, Any]:
    """Return the pager's links; the next page and the one before begin where this one ends and begins."""
    wanted = found.wanted
    before = after = None
    if found.previous_key:
        key = found.previous_key if found.page > 2 else ""
        before = link_filter(wanted, page=max(found.page - 1, 1), after=key)
    if found.next_key:
        after = link_filter(wanted, page=found.page + 1, after=found.next_key)
    return {
        "pages": [(number, number and link_filter(wanted, page=number)) for number in pages_around(found)],
        "before": before,
        "after": after,
    }


def pages_around(found: PetitionPage) -> list[int]:
    """Return the page numbers that a pager shows: first, last, and those around the current; 0 for a gap."""
    near = {1, found.pages, *range(found.page - 1, found.page + 2)}
    shown: list[int] = []
    for number in sorted(number for number in near if 1 <= number <= found.pages):
        if shown and number - shown[-1] > 1:
            shown.append(0)
        shown.append(number)
    return shown
