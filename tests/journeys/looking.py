"""What every page has to bear, whoever reads it and on whatever: one function a check, each returning its faults.

The checks run inside the page, whose content security policy stays in force. `test_every_page.py` asks them of every
page of the site, and sees each of them fail once.
"""

from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

CHECKS = Path(__file__).with_suffix(".js").read_text("utf-8")
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
NARROW, PHONE, DESK = 320, 390, 1280  # pixels
HEIGHT = 844

# WCAG 2.2, success criterion 1.4.12, as its test says it.
SPACED = (
    "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }"
    " p { margin-bottom: 2em !important; }"
)

# What the width and the colours of a page may change; the other rules are about its markup alone.
DOUBTFUL = ("color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable")
# What of a page's markup its words may change: both languages have the rest from the same templates.
WORDED = (
    *("document-title", "html-has-lang", "html-lang-valid", "valid-lang", "link-name", "button-name", "label"),
    *("image-alt", "input-button-name", "select-name", "summary-name", "svg-img-alt", "aria-command-name"),
)
MARKUP, WORDS = ("markup",), ("words",)  # the checks in looking.js
AT_WIDTH, COLOURS = ("targets", "links", "scrolled"), ("pale",)
ENOUGH = 4.5  # contrast of text of any size: WCAG 2.2, success criterion 1.4.3

_SIDEWAYS = """() => {
  const wide = document.scrollingElement.scrollWidth, seen = document.documentElement.clientWidth;
  if (wide <= seen) return [];
  const over = [...document.body.querySelectorAll('*')].filter((each) => each.getBoundingClientRect().right > seen + 1);
  return ['scrolls sideways by ' + (wide - seen) + ': ' + over.slice(-3).map((each) => each.outerHTML.slice(0, 120))];
}"""

_CUT_OFF = """() => {
  const faults = [];
  // What is meant for a screen reader alone lies in a box of one pixel.
  const unseen = (each) =>
    each !== null && (each.offsetWidth <= 1 && each.offsetHeight <= 1 || unseen(each.parentElement));
  for (const each of document.body.querySelectorAll('*')) {
    if (each.matches('svg *, .vh, script, option, textarea, input') || !each.textContent.trim()) continue;
    if (!each.checkVisibility() || unseen(each)) continue;
    const style = getComputedStyle(each);
    const hides = (overflow) => overflow === 'hidden' || overflow === 'clip';
    const own = [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const boxed = own && style.display !== 'inline';
    const wide = each.scrollWidth > each.clientWidth + 1, high = each.scrollHeight > each.clientHeight + 1;
    const spills = boxed && style.overflowX === 'visible' && wide;
    if ((hides(style.overflowX) && wide) || (hides(style.overflowY) && high) || spills)
      faults.push('cut off: ' + each.outerHTML.slice(0, 160));
  }
  return faults;
}"""

_SPACED = f"""(css) => {{
  const spaced = new CSSStyleSheet();
  spaced.replaceSync(css);
  document.adoptedStyleSheets = [spaced];
  const faults = [...({_CUT_OFF})(), ...({_SIDEWAYS})()];
  document.adoptedStyleSheets = [];
  return faults;
}}"""

_CONTROLS = """() => {
  const faults = [];
  const was = document.activeElement;
  const all = document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary');
  const shown = [...all].filter((each) => each.checkVisibility() && !each.disabled);
  // A page is full of like links: the first of each kind stands for the others.
  const kinds = new Map(shown.map((each) => [each.matches('a') ? each.parentElement.className + each.className : each,
                                             each]));
  const plain = new Map();
  const look = (each) => { const style = getComputedStyle(each); return style.outlineStyle + style.boxShadow; };
  for (const each of kinds.values()) plain.set(each, look(each));
  for (const each of kinds.values()) {
    if (each.matches('input, select, textarea') && !each.labels?.length && !each.ariaLabel &&
        !each.getAttribute('aria-labelledby'))
      faults.push('no label: ' + each.outerHTML.slice(0, 160));
    each.focus({preventScroll: true});
    const style = getComputedStyle(each);
    const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    if (document.activeElement !== each || !(outlined || look(each) !== plain.get(each)))
      faults.push('no visible focus: ' + each.outerHTML.slice(0, 160));
  }
  document.activeElement.blur();
  was?.focus?.({preventScroll: true});
  return faults;
}"""

_WEIGHT = """async () => {
  const shifts = await new Promise((resolve) => {
    const watcher = new PerformanceObserver((list) => { watcher.disconnect(); resolve(list.getEntries()); });
    watcher.observe({type: 'layout-shift', buffered: true});
    setTimeout(() => resolve([]), 50);  // where nothing shifted, nothing comes
  });
  const loaded = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter((each) => each.initiatorType !== 'fetch');
  return {
    view: loaded.reduce((sum, each) => sum + each.encodedBodySize, 0),
    requests: loaded.length,
    nodes: document.querySelectorAll('*').length,
    shift: shifts.filter((each) => !each.hadRecentInput).reduce((sum, each) => sum + each.value, 0),
  };
}"""


def find_weight(page: Page, **most: float) -> list[str]:
    """Return which of `view` (bytes sent), `requests`, `nodes` and `shift` (of the layout) the page has too much of."""
    found: dict[str, float] = page.evaluate(_WEIGHT)
    return [f"{name}: {found[name]}, more than {limit}" for name, limit in most.items() if found[name] > limit]


def find_barriers(page: Page) -> list[str]:
    """Return what axe-core finds against WCAG 2.2 A and AA in the page's markup."""
    return _check(page, *MARKUP)


def find_wordless(page: Page) -> list[str]:
    """Return what axe-core finds of that in what the page's words may change."""
    return _check(page, *WORDS)


def find_barriers_at_width(page: Page) -> list[str]:
    """Return what axe-core finds of that in targets, links and boxes, which may be otherwise at another width."""
    return _check(page, *AT_WIDTH)


def find_pale(page: Page, seen: set[str] | None = None) -> list[str]:
    """Return the text that axe-core finds too pale on its ground.

    Of elements that look alike by the style sheet one is looked at; `seen` remembers which, from page to page.
    """
    return _check(page, *COLOURS, seen=seen)


def _check(page: Page, *names: str, seen: set[str] | None = None) -> list[str]:
    seen = set() if seen is None else seen
    given = {
        "names": names,
        "seen": sorted(seen),
        "rules": RULES,
        "doubtful": DOUBTFUL,
        "worded": WORDED,
        "enough": ENOUGH,
    }
    found: tuple[list[str], list[str]] = page.evaluate(CHECKS, given)
    seen.update(found[1])
    return found[0]


def bring_axe(context: BrowserContext) -> None:
    """Have axe-core in every page from its beginning, which takes a third of bringing it into each."""
    context.add_init_script(AXE)


def find_sideways(page: Page) -> list[str]:
    """Return what makes the page wider than the window."""
    found: list[str] = page.evaluate(_SIDEWAYS)
    return found


def find_cut_off(page: Page) -> list[str]:
    """Return the text that is cut off, or runs out of its box, when the reader spaces it (WCAG 1.4.12)."""
    found: list[str] = page.evaluate(_SPACED, SPACED)
    return found


def find_bad_controls(page: Page) -> list[str]:
    """Return the controls without a label, and those on which a keyboard's focus cannot be seen."""
    found: list[str] = page.evaluate(_CONTROLS)
    return found


def listen(page: Page) -> list[str]:
    """Return the list that fills with whatever the page's console says, throws or is refused by its policy."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"thrown: {error}"))

    def note(message: Any) -> None:
        # Chromium says so of every answer that is no success; the page itself is looked at.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            faults.append(f"console: {message.text}")

    page.on("console", note)
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url} {request.failure}"))
    return faults


def look_at(page: Page, *ways: tuple[int, str], seen: dict[tuple[int, str], set[str]], whole: bool = True) -> list[str]:
    """Return every fault of the page that is shown now; `ways` are widths and colour schemes for axe-core.

    `seen` remembers which elements were seen in which way. Unless `whole`, axe-core is asked only of that markup which
    the page's words may change.
    """
    faults = []
    for number, (width, scheme) in enumerate(ways):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        # Colours that change little by little are not those that are read.
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        markup = MARKUP if whole else WORDS
        names = (*(markup if number == 0 else ()), *AT_WIDTH, *COLOURS)
        found = _check(page, *names, seen=seen.setdefault((width, scheme), set()))
        faults += [f"{width} px, {scheme}: {each}" for each in found]
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    faults += [f"{NARROW} px: {each}" for each in find_sideways(page) + find_bad_controls(page)]
    faults += [f"{NARROW} px, spaced: {each}" for each in find_cut_off(page)]
    return faults
