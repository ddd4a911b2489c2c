"""What every page has to bear, whoever reads it and on whatever: one function a check, each returning its faults.

The checks run inside the page, whose content security policy stays in force. `test_every_page.py` asks them of every
page of the site, and sees each of them fail once.
"""

from importlib.resources import files
from typing import Any

from playwright.sync_api import BrowserContext, Page

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
NARROW, PHONE, DESK = 320, 390, 1280  # pixels
HEIGHT = 844

# WCAG 2.2, success criterion 1.4.12, as its test says it.
SPACED = (
    "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }"
    " p { margin-bottom: 2em !important; }"
)

# Of these, and of targets' sizes, axe-core's answer may be another at another width; of all others but colours it is
# the page's markup alone.
LAYOUT = ("scrollable-region-focusable", "link-in-text-block", "css-orientation-lock")

_SAY = """(found) => found.violations.map(
  (each) => each.id + ': ' + each.nodes.map((node) => node.html.slice(0, 200)).join(' | '))"""

_AXE = f"""async ([type, values]) => ({_SAY})(await axe.run(document, {{
  resultTypes: ['violations'], runOnly: {{type, values}},
  rules: {{'color-contrast': {{enabled: false}}, 'target-size': {{enabled: false}}}}}}))"""

# Measuring targets takes axe-core longer than all other rules together. One of 24 pixels either way passes, unless
# another lies over it; so axe-core is asked of the others alone.
_TARGETS = f"""async () => {{
  const all = [...document.querySelectorAll('a, area, button, input, select, textarea, summary, [tabindex], [role]')]
    .filter((each) => each.checkVisibility()).map((each) => [each, each.getBoundingClientRect()]);
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const doubtful = all.filter(([each, box]) =>
    box.width < 24 || box.height < 24 || all.some(([other, its]) => other !== each && meet(box, its)));
  if (doubtful.length === 0) return [];
  return ({_SAY})(await axe.run({{include: doubtful.map(([each]) => each)}}, {{
    resultTypes: ['violations'], runOnly: {{type: 'rule', values: ['target-size']}}}}));
}}"""

# Comparing colours takes axe-core long. All of ours come from one style sheet, by tag, class and state of an element
# and of those around it: where these are the same, so are the colours.
_PALE = f"""async (seen) => {{
  const known = new Set(seen), fresh = new Map(), kinds = new Map();
  const state = (each) => ['aria-current', 'aria-selected', 'disabled', 'type', 'role', 'open']
    .map((name) => each.getAttribute(name) ?? '').join();
  const kind = (each) => {{
    if (each === null) return '';
    if (!kinds.has(each))
      kinds.set(each, kind(each.parentElement) + '>' + each.localName + '.' + each.className + state(each));
    return kinds.get(each);
  }};
  for (const each of document.body.querySelectorAll('*:not(svg, svg *, script, option)')) {{
    const own = [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if ((own || each.matches('input, textarea, select')) && !known.has(kind(each)) && each.checkVisibility())
      fresh.set(kind(each), each);
  }}
  if (fresh.size === 0) return [[], []];
  const found = await axe.run({{include: [...fresh.values()]}}, {{
    resultTypes: ['violations'], runOnly: {{type: 'rule', values: ['color-contrast']}}}});
  return [({_SAY})(found), [...fresh.keys()]];
}}"""

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
    if (each.matches('svg *, .vh, script, option, textarea, input') || !each.innerText?.trim()) continue;
    if (unseen(each)) continue;
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


def find_barriers(page: Page, *, at_width: bool = False) -> list[str]:
    """Return what axe-core finds against WCAG 2.2 A and AA, but for colours.

    `at_width`: the page was looked at already, at another width, so only what the width may change is looked at.
    """
    _have_axe(page)
    found: list[str] = page.evaluate(_AXE, ["rule", list(LAYOUT)] if at_width else ["tag", list(RULES)])
    return found + page.evaluate(_TARGETS)


def find_pale(page: Page, seen: set[str] | None = None) -> list[str]:
    """Return the text that axe-core finds too pale on its ground.

    Of elements that look alike by the style sheet one is looked at; `seen` remembers which, from page to page.
    """
    _have_axe(page)
    seen = set() if seen is None else seen
    found: tuple[list[str], list[str]] = page.evaluate(_PALE, sorted(seen))
    seen.update(found[1])
    return found[0]


def bring_axe(context: BrowserContext) -> None:
    """Have axe-core in every page from its beginning, which takes a third of bringing it into each."""
    context.add_init_script(AXE)


def _have_axe(page: Page) -> None:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)


def find_sideways(page: Page) -> list[str]:
    """Return what makes the page wider than the window."""
    found: list[str] = page.evaluate(_SIDEWAYS)
    return found


def find_cut_off(page: Page) -> list[str]:
    """Return the text that is cut off, or runs out of its box, when the reader spaces it (WCAG 1.4.12)."""
    page.evaluate(
        "(css) => { const one = new CSSStyleSheet(); one.replaceSync(css); document.adoptedStyleSheets = [one]; }",
        SPACED,
    )
    found: list[str] = page.evaluate(_CUT_OFF) + page.evaluate(_SIDEWAYS)
    page.evaluate("() => { document.adoptedStyleSheets = []; }")
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


def look_at(page: Page, *ways: tuple[int, str], seen: dict[tuple[int, str], set[str]]) -> list[str]:
    """Return every fault of the page that is shown now; `ways` are widths and colour schemes for axe-core.

    `seen` remembers which elements were seen in which way.
    """
    faults = []
    for number, (width, scheme) in enumerate(ways):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        # Colours that change little by little are not those that are read.
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        found = find_barriers(page, at_width=number > 0) + find_pale(page, seen.setdefault((width, scheme), set()))
        faults += [f"{width} px, {scheme}: {each}" for each in found]
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    faults += [f"{NARROW} px: {each}" for each in find_sideways(page) + find_bad_controls(page)]
    faults += [f"{NARROW} px, spaced: {each}" for each in find_cut_off(page)]
    return faults
