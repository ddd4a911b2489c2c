"""What the signing app shows a browser, and that every refusal has its page and its words in both languages."""

import re

import pytest
from django.test import Client
from django.urls import get_script_prefix
from django.utils import translation
from tests.web.reading import Page

from maninso.signing.problems import Refusal
from maninso.web.pages.problems import SIGNING_WORDS, render_problem_page
from maninso.web.shared.problems import PROBLEMS


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("refusal", Refusal)
def test_page_of_a_refusal(refusal: Refusal, language: str) -> None:
    html = render_problem_page(refusal.value.slug, language=language).decode()
    page = Page(html)
    assert page.all("html") == [{"lang": language}]
    assert len(page.all("h1")) == 1
    assert not re.search(r"<script|<style|\sstyle=|<form", html)
    numbered = re.findall(r'href="([^"]*/petitions/0[^"]*)"', html)
    assert f"/{language}/petitions/0" in numbered
    assert (f"/{language}/petitions/0/sign" in numbered) is (refusal.value.status in (401, 403))
    assert f"/{language}/petitions" in page.links()
    assert ("made up" in html) or language == "ko"
    assert get_script_prefix() == "/"


def test_words_of_the_signing_app_are_those_of_the_catalogue() -> None:
    words = [word for refusal in Refusal for word in (refusal.value.title, refusal.value.cure)]
    assert set(SIGNING_WORDS) == set(words)


@pytest.mark.parametrize("slug", [*PROBLEMS, *(refusal.value.slug for refusal in Refusal)])
def test_every_type_of_problem_has_a_page(client: Client, slug: str) -> None:
    for language in ("ko", "en"):
        page = Page(client.get(f"/{language}/problems/{slug}").content.decode())
        assert slug in page.text


def test_no_slug_means_two_things() -> None:
    both = [refusal.value for refusal in Refusal if refusal.value.slug in PROBLEMS]
    assert [refusal.slug for refusal in both] == ["no-such-petition"]
    assert [PROBLEMS[refusal.slug].status for refusal in both] == [refusal.status for refusal in both]


def test_every_problem_says_what_to_do_next_in_both_languages() -> None:
    for problem in PROBLEMS.values():
        said = []
        for language in ("ko", "en"):
            with translation.override(language):
                said.append((str(problem.title), str(problem.cure)))
        assert said[0] != said[1]
        assert all(all(words) for words in said)
