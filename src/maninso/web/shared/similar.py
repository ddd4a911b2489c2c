"""Petitions that may ask for the same, for whoever raises or checks one."""

import datetime as dt
import re

from maninso.petitions import discovery
from maninso.petitions.access import PetitionCard

MOST = 5
_ASKED = 4  # words of a title that are looked for
_WORD = re.compile(r"\w{2,}")
_PER_WORD = 8


def find_similar(title: str, *, now: dt.datetime, but: int = 0, state: str = "open") -> tuple[PetitionCard, ...]:
    """Return petitions that share words with a title, those that share most first, then those with most signatures."""
    words = sorted(set(_WORD.findall(title)), key=len, reverse=True)[:_ASKED]
    shared: dict[int, int] = {}
    cards: dict[int, PetitionCard] = {}
    for word in words:
        # Korean words end in particles: their beginning is what petitions have in common.
        stem = word if word.isascii() or len(word) < 4 else word[:3]
        page = discovery.search_petitions(
            query=stem, state=state, topic="", sort="signatures", page=1, per_page=_PER_WORD, now=now
        )
        for card in page.cards:
            if card.petition_id != but:
                cards[card.petition_id] = card
                shared[card.petition_id] = shared.get(card.petition_id, 0) + 1
    enough = min(2, len(words))  # one word alone that two petitions share says little
    alike = [card for card in cards.values() if shared[card.petition_id] >= enough]
    best = sorted(alike, key=lambda card: (-shared[card.petition_id], -card.count, card.petition_id))
    return tuple(best[:MOST])
