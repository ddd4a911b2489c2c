"""Petitions that may ask for the same, for whoever raises or checks one."""

import datetime as dt
import time
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from maninso.petitions import discovery
from maninso.petitions.discovery import Similar
from maninso.web.shared.display import Tag, show_card
from maninso.web.shared.problems import SEARCH_TOO_SLOW, Refused

MOST = 5
RELATIONS = {
    "same": Tag(_("Very likely the same request"), "ok"),
    "related": Tag(_("Similar"), "plain"),
    "opposite": Tag(_("Seems to ask for the opposite"), "red"),
}
_LOOKED_AT = 20  # of those that are found, so that enough are left in the state asked for
LEAST = 0.12  # the score from which on a petition is worth a look


def find_twins(title: str, *, text: str = "", now: dt.datetime, but: int = 0, state: str = "all") -> list[Similar]:
    """Return the five petitions likeliest to ask for the same as a title and text, opposite demands last.

    `but` is the petition's own number; `state` is open or all. Refuses what the database takes too long over.
    """
    try:
        found = discovery.find_similar(title=title, text=text, limit=_LOOKED_AT, exclude=[str(but or "")], now=now)
    except discovery.SearchTooSlowError as error:
        raise Refused(SEARCH_TOO_SLOW) from error
    near = [each for each in found if each.score >= LEAST and state in ("all", each.card.state)]
    return sorted(near, key=lambda each: each.relation == "opposite")[:MOST]


def find_likely_twins(titles: Mapping[int, str], *, now: dt.datetime, within: float) -> dict[int, int]:
    """Return for petitions, by number, how many listed ones very likely ask for the same.

    Titles are looked at in their order for `within` seconds; those that are not reached are not in the answer.
    """
    until = time.monotonic() + within
    found: dict[int, int] = {}
    for number, title in titles.items():
        if time.monotonic() > until:
            break
        try:
            alike = discovery.find_similar(title=title, text="", limit=MOST, exclude=[str(number)], now=now)
        except discovery.SearchTooSlowError:
            break
        found[number] = sum(each.relation == "same" for each in alike)
    return found


def show_twin(twin: Similar, *, now: dt.datetime) -> dict[str, Any]:
    """Return what the template of a card needs, with what the petition is to the text, its score, and shared words."""
    return {
        **show_card(twin.card, now=now),
        "relation": RELATIONS[twin.relation],
        "score": f"{twin.score:.2f}",
        "shared": twin.shared,
    }
