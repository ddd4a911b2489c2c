"""Finds petitions: lists, search, what the front page shows, and petitions that ask for the same thing.

Nothing that a visitor types is an error here: what cannot be used falls back to the whole list.
"""

from maninso.petitions.discovery.candidates import SearchTooSlowError
from maninso.petitions.discovery.families import (
    FamilyChangeView,
    FamilyError,
    FamilyPreview,
    FamilyView,
    find_candidates,
    list_family_changes,
    merge_petitions,
    preview_family,
    refuse_duplicate,
    show_family,
    split_petition,
)
from maninso.petitions.discovery.front import FrontPage, Totals, front_page
from maninso.petitions.discovery.highlight import Marked
from maninso.petitions.discovery.index import (
    catch_up,
    count_grams,
    forget_weights,
    index_batch,
    index_lag,
    make_all_due,
)
from maninso.petitions.discovery.lists import PetitionPage, search_petitions
from maninso.petitions.discovery.meaning import has_vectors
from maninso.petitions.discovery.names import find_names
from maninso.petitions.discovery.similar import LONGEST_TEXT, LONGEST_TITLE, MOST_SIMILAR, Similar, find_similar
from maninso.petitions.discovery.trending import Trending, list_trending
from maninso.petitions.discovery.vectors import encode_batch, prepare_vectors, vector_lag
from maninso.petitions.discovery.wanted import (
    LONGEST_QUERY,
    SORTS,
    STATES,
    Choices,
    Wanted,
    clean_query,
    forget_choices,
    list_choices,
    understand,
)

__all__ = [
    "LONGEST_QUERY",
    "LONGEST_TEXT",
    "LONGEST_TITLE",
    "MOST_SIMILAR",
    "SORTS",
    "STATES",
    "Choices",
    "FamilyChangeView",
    "FamilyError",
    "FamilyPreview",
    "FamilyView",
    "FrontPage",
    "Marked",
    "PetitionPage",
    "SearchTooSlowError",
    "Similar",
    "Totals",
    "Trending",
    "Wanted",
    "catch_up",
    "clean_query",
    "count_grams",
    "encode_batch",
    "find_candidates",
    "find_names",
    "find_similar",
    "forget_choices",
    "forget_weights",
    "front_page",
    "has_vectors",
    "index_batch",
    "index_lag",
    "list_choices",
    "list_family_changes",
    "list_trending",
    "make_all_due",
    "merge_petitions",
    "prepare_vectors",
    "preview_family",
    "refuse_duplicate",
    "search_petitions",
    "show_family",
    "split_petition",
    "understand",
    "vector_lag",
]
