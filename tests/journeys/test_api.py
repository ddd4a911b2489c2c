"""Over HTTP every operation of the API says what is left of its limit, and what its answer is known by."""

import re

import pytest
from tests.live import LiveSite

from maninso.web.api.v1.operations import Operation
from maninso.web.api.v1.table import OPERATIONS


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_headers_of_every_operation(operation: Operation, site: LiveSite, any_petition: int) -> None:
    path = operation.path.format(id=any_petition, charter="university")
    answer = site.ask("GET", f"/api/v1/{path}")
    assert answer.status == (404 if path.startswith("bills/") else 200)
    assert answer.headers["ratelimit-policy"] == '"minute";q=600;w=60'
    assert re.fullmatch(r'"minute";r=\d+;t=\d+', answer.headers["ratelimit"])
    assert answer.headers["access-control-allow-origin"] == "*"
    if answer.status == 404:
        assert answer.headers["content-type"] == "application/problem+json"
        return
    again = site.ask("GET", f"/api/v1/{path}", if_none_match=answer.headers["etag"])
    assert again.status in ((200, 304) if path == "moderation" else (304,))
