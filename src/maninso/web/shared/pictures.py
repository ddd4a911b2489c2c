"""A petition as a picture for those who pass its address on: 1200 by 630 pixels, as Open Graph wants it.

It is made here, with a font that comes with the package (`web/fonts`), so that it is the same on every machine. Words
are drawn only where the font has all their letters: a picture without a title is better than one with boxes in it.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1200, 630
_MARGIN = 72
_PAPER, _INK, _MUTE, _ACCENT, _SEAL, _TRACK = "#faf8f3", "#1b1a17", "#59554b", "#1d3a63", "#a5281b", "#e9e4d7"
_TITLE_SIZES = (64, 54, 46)
_MOST_LINES = 3
_PIECES = re.compile(r"\S+\s*|\s+")
_UNKNOWN = "\U0010ffff"  # no font has it


@dataclass(frozen=True)
class Card:
    """What a picture says; `part` is how much of what is needed is there, in thousandths, None where nothing is."""

    title: str
    state: str
    count: str  # "183,412"
    unit: str  # "signatures"
    goal: str  # "91.7% of the 200,000 needed"
    part: int | None
    site: str  # name and host


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    data = files("maninso.web").joinpath("fonts/maninso-sans-bold.otf").read_bytes()
    return ImageFont.truetype(io.BytesIO(data), size)


@lru_cache(maxsize=4096)
def has_letter(letter: str) -> bool:
    """Whether the font can draw a letter: what it cannot draw looks like what it does not know."""
    font = _font(46)
    return letter.isspace() or bytes(font.getmask(letter)) != bytes(font.getmask(_UNKNOWN))


def can_write(text: str) -> bool:
    """Whether the font has every letter of a text."""
    return all(map(has_letter, text))


def wrap(text: str, *, size: int, width: int) -> list[str]:
    """Return a text in lines no wider than `width` pixels: broken between words, and within one that is too long."""
    font, lines = _font(size), [""]
    for piece in _PIECES.findall(" ".join(text.split())):
        if font.getlength((lines[-1] + piece).rstrip()) <= width:
            lines[-1] += piece
            continue
        lines.append("")
        for letter in piece:
            if font.getlength(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return [line.rstrip() for line in lines if line.strip()]


def fit(text: str, *, width: int) -> tuple[int, Sequence[str]]:
    """Return the largest size in which a title takes three lines, and these; cut where none is small enough."""
    for size in _TITLE_SIZES[:-1]:
        lines = wrap(text, size=size, width=width)
        if len(lines) <= _MOST_LINES:
            return size, lines
    size = _TITLE_SIZES[-1]
    lines = wrap(text, size=size, width=width)
    if len(lines) <= _MOST_LINES:
        return size, lines
    kept = lines[:_MOST_LINES]
    while kept[-1] and _font(size).getlength(kept[-1] + "…") > width:
        kept[-1] = kept[-1][:-1]
    return size, [*kept[:-1], kept[-1].rstrip() + "…"]


@lru_cache(maxsize=64)
def draw_card(card: Card) -> bytes:
    """Return the picture as PNG, of few colours and so of few bytes. What says the same is drawn once."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    draw = ImageDraw.Draw(picture)
    inner = WIDTH - 2 * _MARGIN
    draw.rectangle((0, 0, WIDTH, 14), fill=_SEAL)
    _write(draw, (_MARGIN, 58), card.state, size=30, fill=_SEAL)
    if can_write(card.title):
        size, lines = fit(card.title, width=inner)
        for number, line in enumerate(lines):
            _write(draw, (_MARGIN, 112 + round(number * size * 1.3)), line, size=size, fill=_INK)
    _write(draw, (_MARGIN, 354), card.count, size=112, fill=_ACCENT)
    _write(draw, (_MARGIN + round(_font(112).getlength(card.count)) + 18, 420), card.unit, size=40, fill=_ACCENT)
    if card.part is not None:
        reached = card.part >= 1000
        draw.rounded_rectangle((_MARGIN, 500, _MARGIN + inner, 524), 8, fill=_TRACK)
        if card.part:
            end = _MARGIN + max(inner * min(card.part, 1000) // 1000, 16)
            draw.rounded_rectangle((_MARGIN, 500, end, 524), 8, fill=_SEAL if reached else _ACCENT)
    _write(draw, (_MARGIN, 546), card.goal, size=30, fill=_MUTE)
    _write(draw, (WIDTH - _MARGIN, 546), card.site, size=30, fill=_MUTE, anchor="ra")
    file = io.BytesIO()
    picture.quantize(48, method=Image.Quantize.FASTOCTREE).save(file, "PNG")
    return file.getvalue()


def _write(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, *, size: int, fill: str, anchor: str = "la"
) -> None:
    if can_write(text):
        draw.text(place, text, font=_font(size), fill=fill, anchor=anchor)
