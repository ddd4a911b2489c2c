"""Finding a petition, and being shown one's twin before raising another, in a real browser and both languages."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.journeys.browser import open_page
from tests.live import LiveSite

LINE = {
    "begin": "2019-04-01",
    "end": "2019-05-01",
    "category": "문화",
    "content": "x",
    "num_agree": 7,
    "status": "청원종료",
}
TITLES = {
    "ko": ("책방의 일요일 영업을 허용해 주세요", "책방의 일요일 영업 허용을 반대합니다"),
    "en": ("Build the new tram line", "Stop the new tram line"),
}
ASKED = {"ko": ("책빵", "책방"), "en": ("tarm", "tram")}


@pytest.fixture(scope="module")
def found_site(site: LiveSite, any_petition: int, tmp_path_factory: pytest.TempPathFactory) -> LiveSite:
    """A site with a demand and its opposite in both languages, and an open petition, all of them indexed."""
    path: Path = tmp_path_factory.mktemp("finding") / "petitions.jsonl"
    titles = [title for pair in TITLES.values() for title in pair]
    rows = [{**LINE, "petition_idx": 990_001 + number, "title": title} for number, title in enumerate(titles)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    site.maninso("import", "blue-house", str(path))
    site.maninso("index", "--again")
    return site


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_misspelt_search_leads_to_the_petition_and_a_draft_to_its_twin(
    found_site: LiveSite, any_petition: int, chromium: Browser, language: str
) -> None:
    title, opposite = TITLES[language]
    typed, meant = ASKED[language]
    with open_page(chromium, language=language, scripts=False) as page:
        page.goto(f"{found_site.url}/{language}/petitions")
        page.fill("#q", typed)
        page.click("form.find button.go")
        page.click(f".note a:text-is('{meant}')")
        assert page.input_value("#q") == meant
        assert {title, opposite} <= set(page.locator("ul.list h2, ul.list h3").all_inner_texts())
        assert meant in page.locator("ul.list mark").first.inner_text().casefold()

        page.goto(f"{found_site.url}/{language}/petitions/similar")
        page.fill("#title", title)
        page.click("main form button.go")
        shown = page.locator("ul.list > li")
        assert title in shown.first.inner_text()
        (opposed,) = [each for each in shown.all_inner_texts() if opposite in each]
        assert {"ko": "반대되는 요구로 보임", "en": "Seems to ask for the opposite"}[language] in opposed

        running = found_site.ask("GET", f"/petitions/{any_petition}.json").json()["data"]["attributes"]["action"]
        page.goto(f"{found_site.url}/{language}/petitions/new")
        page.check("#eligible-yes")
        page.click("main button.go")
        page.fill("#title", running)
        page.click("main button.go")  # B3: open ones like it are shown before anything is written
        assert running in page.locator("ul.list > li").first.inner_text()
        page.click("main button.go")
        assert page.locator("#body").count() == 1
