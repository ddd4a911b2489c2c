"""The address fixes the language; without a prefix the reader's preference does, and Korean is the default."""

import pytest
from django.test import Client
from django.urls import get_script_prefix, reverse
from tests.web.reading import Page

from maninso.web.shared.middleware import preferred_language, split_language

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ko"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("fr, en;q=0.5, ko;q=0.4", "en"),
        ("fr", "ko"),
        ("*", "ko"),
        ("en;q=0", "ko"),
        ("\x00;;;q=x", "ko"),
    ],
)
def test_preference(header: str, language: str) -> None:
    assert preferred_language(header) == language


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("/en/petitions", ("en", "/petitions")),
        ("/ko", ("ko", "/")),
        ("/ko/", ("ko", "/")),
        ("/kopetitions", ("", "/kopetitions")),
        ("/fr/petitions", ("", "/fr/petitions")),
        ("/", ("", "/")),
        ("", ("", "")),
    ],
)
def test_prefix(path: str, split: tuple[str, str]) -> None:
    assert split_language(path) == split


@pytest.mark.parametrize(
    ("path", "header", "language", "vary"),
    [
        ("/about", "", "ko", True),
        ("/about", "en", "en", True),
        ("/ko/about", "en", "ko", False),
        ("/en/about", "ko", "en", False),
    ],
)
def test_page_is_in_the_language(client: Client, path: str, header: str, language: str, vary: bool) -> None:
    answer = client.get(path, headers={"accept-language": header})
    assert Page(answer.content.decode()).all("html") == [{"lang": language}]
    assert answer.headers["Content-Language"] == language
    assert ("Accept-Language" in answer.headers.get("Vary", "")) is vary


def test_links_stay_in_the_fixed_language_but_data_has_none(client: Client) -> None:
    fixed = Page(client.get("/en/about").content.decode()).links()
    assert "/en/petitions" in fixed
    assert "/petitions" not in fixed
    assert "/petitions.json" in fixed
    free = Page(client.get("/about").content.decode()).links()
    assert "/petitions" in free
    assert get_script_prefix() == "/"
    assert reverse("about") == "/about"


def test_switch_leads_to_the_same_page_with_its_query(client: Client) -> None:
    page = Page(client.get("/ko/about?a=1&b=%22").content.decode())
    assert [link["href"] for link in page.all("a", hreflang="en")] == ["/en/about?a=1&b=%22"]
    alternates = [link["href"] for link in page.all("link", rel="alternate") if "hreflang" in link]
    assert alternates == [
        "https://petitions.example.org/ko/about?a=1&b=%22",
        "https://petitions.example.org/en/about?a=1&b=%22",
    ]


def test_data_has_no_language(client: Client) -> None:
    assert client.get("/en/healthz").status_code == 404
    answer = client.get("/healthz", headers={"accept-language": "en"})
    assert (answer.status_code, answer.headers.get("Vary")) == (200, None)


def test_errors_are_in_the_language_of_the_address(client: Client) -> None:
    assert "There is no page at this address." in client.get("/en/nowhere").content.decode()
    assert "이 주소에는 페이지가 없습니다." in client.get("/ko/nowhere").content.decode()
