"""The log of requests that failed names no secret that stands in an address, nor anything else that somebody typed."""

import io
import logging
from collections.abc import Callable, Iterator

import pytest
from django.test import Client


@pytest.fixture
def log(db: None) -> Iterator[io.StringIO]:
    """What goes to the console while a test runs."""
    (console,) = logging.getLogger("django").handlers
    assert isinstance(console, logging.StreamHandler)
    written = io.StringIO()
    before = console.setStream(written)
    yield written
    console.setStream(before)


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("POST", "/en/petitions/{open}/creator/Zebrafish-Secret/account", "/petitions/{open}/creator/…/account"),
        ("GET", "/en/updates/Zebrafish-Secret", "/updates/…"),
        ("GET", "/en/petitions/zebrafish@example.org", "/petitions/…"),
        ("GET", "/en/petitions/999999", "/petitions/999999"),
        ("GET", "/en/zebrafish@example.org", "(no address of this site)"),
    ],
)
def test_an_address_is_named_without_its_secrets(
    opened: Callable[..., int], log: io.StringIO, method: str, path: str, said: str
) -> None:
    number = opened()
    Client(enforce_csrf_checks=True).generic(method, path.format(open=number))
    first = log.getvalue().splitlines()[0]
    assert first.rpartition(": ")[2] == said.format(open=number)
    assert "ebrafish" not in log.getvalue()
