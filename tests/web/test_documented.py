"""docs/reference/addresses.md names every address, attribute, column and problem that there is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from tests.web.samples import imported_petition, make_card, make_obligation, make_petition, make_response

from maninso.petitions.access import CountView
from maninso.web.api.attributes import describe_card, describe_count, describe_petition
from maninso.web.pages.finding import SORTS, STATES
from maninso.web.pages.front import BOARD_FILTERS
from maninso.web.shared.problems import PROBLEMS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "addresses.md").read_text()
NAMES = {"number": "id", "charter_id": "id"}


def routes(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name not in ("log_file", "site_log_file"):
            yield str(pattern.pattern)


def missing(names: Any) -> list[str]:
    return [name for name in names if name not in PAGE]


def test_every_address() -> None:
    written = [
        "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: "{" + NAMES.get(match[1], match[1]) + "}", route)
        for route in routes(get_resolver().url_patterns)
        if not route.startswith("^")
    ]
    assert len(written) > 15
    assert missing(f"`{address}" for address in written) == []
    assert missing(["/p/{id}/log/checkpoint", "/p/{id}/log/tile/", "`/log/checkpoint`", "`/log/tile/…`"]) == []


def test_every_attribute() -> None:
    kept = make_obligation(state="kept", settled_at=make_petition().opened_at, response=make_response())
    full = describe_petition(make_petition(obligations=(kept,), signatures_by_region={"KR-11": 1}))
    count = CountView(count=1, reached_at=None, answered_at=None)
    names = {*full, *describe_card(make_card(), make_petition()), *describe_count(count)}
    for name in ("thresholds", "obligations", "signatures_by_region", "signatures_by_assurance"):
        names |= set(full[name][0])
    names |= set(full["government_response"]) | set(full["ledger"])
    names |= set(describe_petition(imported_petition())["would_owe"][0])
    assert missing(f"`{name}`" for name in sorted(names)) == []


def test_every_column_filter_and_problem() -> None:
    assert missing([", ".join(name for name, _ in BOARD_FILTERS)]) == []
    assert missing([", ".join(name for name, _ in STATES), ", ".join(name for name, _ in SORTS)]) == []
    assert missing(f"| `/problems/{slug}` | {problem.status} |" for slug, problem in PROBLEMS.items()) == []
