"""The site's scripts: few bytes, our own, and every word that they say is in the page, in its language."""

import re
from importlib.resources import files

import brotli
import pytest
from django.test import Client
from tests.web.reading import Page

from maninso.web.shared.assets import asset_path, read_asset

MOST_BYTES = 5 * 1024  # of all scripts of the site together, as they are sent
SCRIPTS = {
    file.name: file.read_text()
    for file in files("maninso.web").joinpath("static/maninso").iterdir()
    if file.name.endswith(".js")
}


def test_all_scripts_together_are_small() -> None:
    assert sum(len(brotli.compress(read_asset(name), quality=5)) for name in SCRIPTS) <= MOST_BYTES


def test_comments_are_not_sent_and_nothing_else_is_missing() -> None:
    for name, text in SCRIPTS.items():
        kept = [line for line in text.splitlines() if not line.lstrip().startswith("//")]
        assert read_asset(name).decode().splitlines() == kept


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_loads_nothing_and_writes_no_markup(client: Client, name: str) -> None:
    assert not re.search(
        r"https?:|\bimport\b(?!Key)|eval|Function\(|innerHTML|insertAdjacent|document\.write", SCRIPTS[name]
    )
    answer = client.get(asset_path(name))
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.content == read_asset(name)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_has_words_for_all_that_the_check_says(client: Client, language: str) -> None:
    script = SCRIPTS["check.js"]
    said = set(re.findall(r'(?:insist\(.*|decode\(.*|decimal\(.*|Fault\(|say\(|\? |: |name = )"([a-z]+)"', script))
    page = Page(client.get(f"/{language}/check").content.decode())
    assert {str(tag["data-say"]) for tag in page.all("div") if "data-say" in tag} == said
