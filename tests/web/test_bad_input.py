"""Whatever is sent, the answer is a 4xx or a fallback, never a 500, and it changes nothing."""

import dataclasses
from typing import Any

import pytest
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maninso.web.pages.errors import answer_failure

pytestmark = pytest.mark.django_db

PATHS = ("/petitions", "/petitions.json", "/petitions.csv", "/en/petitions")
READ_FEW = {"/": (), "/obligations": ("status",)}
NAMES = ("q", "state", "topic", "sort", "page", "count", "status", "unknown")
VALUES = (
    "%00",
    "%FF%FE",
    "%ED%A0%80",
    "x" * 5000,
    "%27%22%3C%3E",
    "%F0%9F%98%80" * 100,
    "",
    "%25%5F",
    "-1",
    "1e9",
    "٣",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", NAMES)
def test_query_values(client: Client, path: str, name: str) -> None:
    for value in VALUES:
        answer = client.get(f"{path}?{name}={value}")
        assert answer.status_code == 200, (path, name, value)
        assert b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.mark.parametrize(("path", "read"), READ_FEW.items())
def test_query_values_of_pages_that_read_few(client: Client, path: str, read: tuple[str, ...]) -> None:
    """What such a page does not read is sent all at once."""
    unread = [name for name in NAMES if name not in read]
    for value in VALUES:
        for query in (*(f"{name}={value}" for name in read), "&".join(f"{name}={value}" for name in unread)):
            answer = client.get(f"{path}?{query}")
            assert (answer.status_code, bool(answer.content)) == (200, True), (path, query)


@pytest.mark.parametrize("prefix", ["/petitions/", "/en/petitions/", "/p/", "/charter/", "/problems/", "/static/", "/"])
@pytest.mark.parametrize("value", VALUES[1:6])
def test_path_segments(client: Client, prefix: str, value: str) -> None:
    for suffix in ("", ".json", "/count.json", "/sign", "/receipts/x", "/log/checkpoint", ".xml"):
        assert client.get(f"{prefix}{value}{suffix}").status_code in (400, 404, 406), (prefix, value, suffix)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text(max_size=40), query=st.text(max_size=40))
def test_any_path_and_query(client: Client, path: str, query: str) -> None:
    clean = path.encode("utf-8", "replace").decode()
    answer = client.get(f"/{clean.lstrip('/')}", {"q": query.encode("utf-8", "replace").decode()})
    assert answer.status_code < 500


def test_too_many_fields(client: Client) -> None:
    query = "&".join(f"a{number}=1" for number in range(1500))
    answer = client.get(f"/en/petitions?{query}")
    assert answer.status_code == 400
    assert "This request cannot be read." in answer.content.decode()
    assert client.get(f"/petitions.json?{query}").json()["type"] == "/problems/bad-request"


@pytest.mark.parametrize(
    "headers",
    [
        {"accept-language": "\x00"},
        {"accept-language": "x" * 10_000},
        {"if-none-match": '"'},
        {"if-none-match": "W/"},
        {"host": "evil.example"},
        {"cookie": "maninso_ticket=%00; csrftoken=x"},
    ],
)
def test_headers(client: Client, headers: dict[str, str]) -> None:
    answer = client.get("/petitions", headers=headers)
    assert answer.status_code == 200
    assert b"evil.example" not in answer.content


def test_a_failure_of_ours_says_so_in_both_languages(settings: Any) -> None:
    settings.MANINSO = dataclasses.replace(
        settings.MANINSO, charter="/no/such/charter.toml"
    )  # as if it had been deleted
    client = Client(raise_request_exception=False)
    for path, said in (
        ("/ko/privacy", "저희 쪽에 문제가 생겼습니다."),
        ("/en/privacy", "Something went wrong on our side."),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (500, "no-store")
        assert said in answer.content.decode()
        assert "no/such" not in answer.content.decode()


def test_a_failure_is_told_to_programs_as_problem_details() -> None:
    answer = answer_failure(RequestFactory().get("/petitions.json"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
