"""The style sheet's colours: legible in both themes, also where axe-core does not look, as in charts."""

import re
from importlib.resources import files

import pytest

SHEET = files("maninso.web").joinpath("static/maninso/maninso.css").read_text()
THEMES = ("light", "dark")
TEXT, SHAPE, MORE = 4.5, 3.0, 7.0  # WCAG 2.2, success criteria 1.4.3, 1.4.11 and 1.4.6
ON_GROUND = ("ink", "mute", "accent", "seal", "ok", "warn")
ON_TINT = (("accent-2", "tint"), ("seal", "seal-tint"), ("ok", "ok-tint"), ("warn", "warn-tint"), ("ink", "tint"))
PAIRS = (
    *((text, ground) for text in ON_GROUND for ground in ("paper", "sheet")),
    *ON_TINT,
    *(("on-accent", "accent"), ("on-accent", "accent-2")),
)
Colour = tuple[float, float, float]


def read_tokens(theme: str, *, more: bool = False) -> dict[str, Colour]:
    """Return the colours of a theme by name; `more`: for whoever prefers more contrast."""
    usual, _, rest = SHEET.partition("@media(prefers-contrast:more){")
    tokens = {}
    for part in (usual, rest.partition("}}")[0]) if more else (usual,):
        found = re.findall(r"--mi-([a-z0-9-]+):light-dark\((#[0-9a-f]+),(#[0-9a-f]+)\)", part)
        tokens |= {name: parse((light, dark)[THEMES.index(theme)]) for name, light, dark in found}
        tokens |= {name: tokens[other] for name, other in re.findall(r"--mi-([a-z]+):var\(--mi-([a-z]+)\)", part)}
    return tokens


def parse(colour: str) -> Colour:
    digits = colour[1:] if len(colour) == 7 else "".join(each * 2 for each in colour[1:])
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def luminance(colour: Colour) -> float:
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mix(colour: Colour, ground: Colour, part: float) -> Colour:
    red, green, blue = (over * part + under * (1 - part) for over, under in zip(colour, ground, strict=True))
    return red, green, blue


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(parse("#fff"), parse("#000000")) == pytest.approx(21)
    assert contrast(parse("#777"), parse("#fff")) < TEXT < contrast(parse("#767676"), parse("#fff"))


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_of_text_is_legible_on_every_ground(theme: str) -> None:
    tokens = read_tokens(theme)
    assert [pair for pair in PAIRS if contrast(tokens[pair[0]], tokens[pair[1]]) < TEXT] == []
    shapes = [("edge", "sheet"), ("edge", "paper"), ("accent", "track"), ("seal", "track"), ("focus", "paper")]
    assert [pair for pair in shapes if contrast(tokens[pair[0]], tokens[pair[1]]) < SHAPE] == []


@pytest.mark.parametrize("theme", THEMES)
def test_whoever_prefers_more_contrast_gets_it(theme: str) -> None:
    tokens = read_tokens(theme, more=True)
    assert [pair for pair in PAIRS if contrast(tokens[pair[0]], tokens[pair[1]]) < MORE] == []


@pytest.mark.parametrize("theme", THEMES)
def test_the_words_on_every_tile_of_a_map_are_legible(theme: str) -> None:
    tokens = read_tokens(theme)
    shades = dict(re.findall(r"\.t(\d) rect\{fill:color-mix\(in srgb,var\(--mi-accent\) (\d+)%", SHEET))
    assert sorted(shades) == ["1", "2", "3", "4"]
    for tile, part in shades.items():
        words = tokens["on-accent" if tile == "4" else "ink"]
        assert contrast(words, mix(tokens["accent"], tokens["sheet"], int(part) / 100)) >= TEXT, tile


def test_no_colour_depends_on_the_width() -> None:
    """So what was looked at in one width is looked at in all."""
    blocks = re.findall(r"@media\((?:min|max)-width:[^{]*\{((?:[^{}]*\{[^{}]*\})*)", SHEET)
    assert len(blocks) > 5
    coloured = re.compile(r"(?<![a-z-])(color|background|fill|opacity):")
    assert [block for block in blocks if coloured.search(re.sub(r"[^{}]*::before\{[^{}]*\}", "", block))] == []
