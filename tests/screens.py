"""Pictures of the sample site in every state: `make screens`, then open var/screens/index.html.

Each state is kept at 390 and 1280 pixels in Korean and English; some pages also in the dark, and as they are printed.
Whoever changes a page looks at it here first.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright
from tests.browser import ARGUMENTS, MISSING, find_program

from maninso.run.demo_petitions import SAMPLES
from maninso.run.demo_stories import DECLINED, GROUPED, LATE, LAW, OWED, RULING

FOLDER = Path("var/screens")
PORT = int(os.environ.get("PORT", "8177"))
SITE = f"http://127.0.0.1:{PORT}"
WIDTHS, LANGUAGES, HEIGHT = (390, 1280), ("ko", "en"), 844
STARTING = 180  # seconds

STATES = {
    "sponsoring": "Free drinking water in every building",
    "in review": "강의실 창문에 소음을 줄이는 이중창을 달아 주세요",
    "rejected": "학교를 더 좋게 만들어 주세요",
    "open": "어린이 보호구역 횡단보도의 보행 신호를 5초 늘려 주세요",
    "over threshold": OWED,
    "owed": OWED,
    "late": LATE,
    "answered": "Limit night-time noise from road works near homes",
    "declined": DECLINED,
    "law": LAW,
    "ruling": RULING,
    "closed": "동네 놀이터에 그늘막과 음수대를 설치해 주세요",
    "taken down": "Longer opening hours for the sports hall",
    "hidden": "Buy your textbooks at my shop",
    "withdrawn": "기숙사 세탁실에 건조기를 두 대 더 놓아 주세요",
    "too few supporters": "Let every bus stop show when the next bus comes",
    "grouped": GROUPED[0],
}
"""Each state of a petition, and the title of the sample petition that is in it."""

PAGES = {
    "front": "/",
    "petitions": "/petitions",
    "what is owed": "/obligations",
    "laws": "/bills",
    "a law": "/bills/1",
    "how petitions are checked": "/moderation",
    "how counts are checked": "/about",
    "ledger": "/log",
}
IN_THE_DARK = ("open", "late", "law", "front")
PRINTED = ("open", "law")


@dataclass(frozen=True)
class Picture:
    """One picture: what it shows, how, and its file."""

    name: str
    way: str
    file: str


def find_path(title: str) -> str:
    """Return the address of a sample petition: they are numbered in the order in which they are made."""
    return f"/petitions/{[sample.title for sample in SAMPLES].index(title) + 1}"


@contextmanager
def sample_site(home: Path) -> Iterator[None]:
    """Make the sample site anew and serve it."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    with (home / "demo.log").open("wb") as log:
        demo = subprocess.Popen(
            [sys.executable, "-m", "maninso", "demo", "--port", str(PORT)],
            env={**os.environ, "MANINSO_HOME": str(home.absolute())},
            stdout=log,
            stderr=log,
        )
    try:
        wait_for_site(demo)
        yield
    finally:
        demo.terminate()
        demo.wait(30)


def wait_for_site(demo: "subprocess.Popen[bytes]") -> None:
    """Return once the site answers."""
    deadline = time.monotonic() + STARTING
    while True:
        try:
            with urlopen(f"{SITE}/readyz", timeout=5):
                return
        except (URLError, OSError):
            if demo.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"the sample site did not start: see {FOLDER}/site/demo.log")
            time.sleep(0.3)


def keep(page: Page, name: str, language: str) -> Iterator[Picture]:
    """Keep the page that is shown in every way that this one is kept in."""
    stem = f"{name.replace(' ', '-')}-{language}"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        yield take(page, name, f"{language} {width}", f"{stem}-{width}.png")
    if name in PRINTED:
        page.emulate_media(media="print")
        yield take(page, name, f"{language} printed", f"{stem}-printed.png")
        page.emulate_media(media="screen")
    if name in IN_THE_DARK:
        page.emulate_media(color_scheme="dark")
        yield take(page, name, f"{language} dark", f"{stem}-dark.png")
        page.emulate_media(color_scheme="light")


def take(page: Page, name: str, way: str, file: str) -> Picture:
    """Keep a picture of the whole page."""
    page.screenshot(path=FOLDER / file, full_page=True)
    return Picture(name, way, file)


def write_draft(page: Page, language: str) -> None:
    """Go as far as a creator goes before anybody else sees the petition."""
    title, body = {
        "ko": ("도서관 앞에 자전거 보관대를 놓아 주세요", "자전거가 길을 막습니다. 지붕 있는 보관대를 놓아 주세요."),
        "en": (
            "Put covered bicycle stands at the library",
            "Bicycles block the ramp. Please put stands there.",
        ),
    }[language]
    page.goto(f"{SITE}/{language}/petitions/new")
    page.check("#eligible-yes")
    page.click("main button.go")
    page.fill("#title", title)
    page.click("main button.go")
    if page.locator("#body").count() == 0:
        page.click("main button.go")  # similar ones were offered
    page.fill("#body", body)
    page.click("main button.go")
    page.fill("#name", "한솔" if language == "ko" else "Han Sol")
    page.click("main button.go")


def photograph(browser: Browser) -> Iterator[Picture]:
    """Go through the states and pages in both languages."""
    for language in LANGUAGES:
        page = browser.new_page(java_script_enabled=False, reduced_motion="reduce")
        write_draft(page, language)
        yield from keep(page, "draft", language)
        for name, path in {**{name: find_path(title) for name, title in STATES.items()}, **PAGES}.items():
            page.goto(f"{SITE}/{language}{path}")
            yield from keep(page, name, language)
        page.goto(f"{SITE}{find_path(LAW)}/card.png?lang={language}")
        page.set_viewport_size({"width": 1200, "height": 630})
        yield take(page, "shared", f"{language} card", f"shared-{language}-card.png")
        page.close()


def write_index(pictures: list[Picture]) -> None:
    """Write a page with all pictures side by side, a row a state."""
    rows = []
    for name in dict.fromkeys(picture.name for picture in pictures):
        shown = "".join(
            f'<figure><a href="{each.file}"><img src="{each.file}" alt="" loading="lazy" height="420"></a>'
            f"<figcaption>{each.way}</figcaption></figure>"
            for each in pictures
            if each.name == name
        )
        rows.append(f"<h2>{name}</h2><div>{shown}</div>")
    style = "body{font:15px sans-serif;margin:2rem}div{display:flex;gap:1rem;overflow-x:auto}figure{margin:0}"
    style += "img{object-fit:cover;object-position:top;max-width:36rem;border:1px solid #ccc}"
    (FOLDER / "index.html").write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Screens</title><style>{style}</style>'
        f"<h1>The sample site, state by state</h1>{''.join(rows)}</html>\n"
    )


def main() -> None:
    """Make the site, take the pictures, and write their index."""
    program = find_program()
    if program is None:
        sys.exit(MISSING)
    with sample_site(FOLDER / "site"), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        pictures = list(photograph(browser))
        browser.close()
    write_index(pictures)
    print(f"{len(pictures)} pictures: {FOLDER}/index.html")


if __name__ == "__main__":
    main()
