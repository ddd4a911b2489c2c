"""How a petition is raised: handed in by its creator, carried by its sponsors, followed on the creator's own page."""

from maninso.petitions.raising.creating import (
    Draft,
    NotEligibleError,
    Raised,
    raise_petition,
)
from maninso.petitions.raising.creators import (
    CreatorView,
    Step,
    confirm_creator,
    find_creators_petition,
    forget_creators,
    withdraw_as_creator,
)
from maninso.petitions.raising.links import Links, make_links, make_nonce
from maninso.petitions.raising.news import LONGEST_NEWS, News, NewsError, read_news, tell_news
from maninso.petitions.raising.sponsoring import (
    Invitation,
    NotGatheringError,
    Sponsored,
    find_invitation,
    lapse_due_petitions,
    sponsor_petition,
)

__all__ = [
    "LONGEST_NEWS",
    "CreatorView",
    "Draft",
    "Invitation",
    "Links",
    "News",
    "NewsError",
    "NotEligibleError",
    "NotGatheringError",
    "Raised",
    "Sponsored",
    "Step",
    "confirm_creator",
    "find_creators_petition",
    "find_invitation",
    "forget_creators",
    "lapse_due_petitions",
    "make_links",
    "make_nonce",
    "raise_petition",
    "read_news",
    "sponsor_petition",
    "tell_news",
    "withdraw_as_creator",
]
