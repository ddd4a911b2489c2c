"""The log's files over HTTP: their bytes, their headers, and 404s that no cache keeps."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(opened: Callable[..., int], sign: Callable[..., list[str]], seal: Callable[..., None], now: dt.datetime) -> str:
    """The prefix of a log with 302 leaves: genesis, 300 signatures, and the event that the threshold was met."""
    petition = opened()
    sign(petition, 300)
    seal(now)
    return f"/p/{petition}/log"


def test_checkpoint(client: Client, log: str) -> None:
    answer = client.get(f"{log}/checkpoint")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    origin, size = answer.content.decode().splitlines()[:2]
    assert (origin, size) == (f"petitions.example.org{log}", "302")


@pytest.mark.parametrize(
    ("path", "length"),
    [("tile/0/000", 8192), ("tile/0/001.p/46", 46 * 32), ("tile/1/000.p/1", 32), ("tile/0/001.p/3", 96)],
)
def test_tiles_are_kept_for_ever(client: Client, log: str, path: str, length: int) -> None:
    answer = client.get(f"{log}/{path}")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Cache-Control"] == "public, max-age=604800, immutable"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert len(answer.content) == length


def test_entries(client: Client, log: str) -> None:
    answer = client.get(f"{log}/tile/entries/001.p/45")
    assert len(answer.content) == 45 * (2 + 54)


def test_key(client: Client, log: str) -> None:
    answer = client.get(f"{log}/key")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    name, key_id, _ = answer.content.decode().rstrip("\n").split("+", 2)
    assert (name, len(key_id)) == (f"petitions.example.org{log}", 8)


@pytest.mark.parametrize(
    "path",
    [
        *("tile/0/001", "tile/0/001.p/47", "tile/0/001.p/0", "tile/0/000.p/256", "tile/00/000", "tile/0/x000/000"),
        *("tile/64/000", "tile/0/0", "tile/0/%00", "tile/0/٠٠٠", "tile/entries/001", "tile/-1/000", "x", "checkpoint/"),
        *("tile/0/" + "x001/" * 60 + "000", "../key", "%2e%2e/key"),
    ],
)
def test_what_is_not_there_is_not_kept_as_missing(client: Client, log: str, path: str) -> None:
    answer = client.get(f"{log}/{path}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_petitions_without_a_log(client: Client) -> None:
    for number, status in (("999999", 404), ("x", 400), ("0", 404)):
        for path in ("checkpoint", "tile/0/000", "key"):
            assert client.get(f"/p/{number}/log/{path}").status_code == status, (number, path)
