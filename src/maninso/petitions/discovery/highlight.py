"""Marks in a petition's title and text what a search found, so that a reader sees why it is there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from maninso.petitions.discovery.grams import grams_of_word, normalise

_LONGEST = 160  # characters of a snippet
_BEFORE = 40  # of them before the first mark
_MOST_TEXT = 20_000  # characters of a text that are looked through


@dataclass(frozen=True)
class Marked:
    """A passage in pieces, each with whether it is what was looked for."""

    pieces: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """The passage without marks."""
        return "".join(piece for piece, _ in self.pieces)


def mark(text: str, words: Collection[str]) -> Marked:
    """Mark in a text what the words share with it."""
    return Marked(tuple(_pieces(text, _spans(text, words))))


def cut_snippet(text: str, words: Collection[str]) -> Marked | None:
    """Return the passage of a text, at most 160 characters, that holds most of the words; None if it holds none."""
    line = " ".join(text[:_MOST_TEXT].split())
    spans = _spans(line, words)
    if not spans:
        return None
    best = max(spans, key=lambda span: sum(end - start for start, end in _within(spans, span[0])))
    start = max(best[0] - _BEFORE, 0)
    if start:
        start = line.find(" ", start, best[0]) + 1 or start
    end = min(start + _LONGEST, len(line))
    if end < len(line):
        end = max(line.rfind(" ", best[1], end), best[1]) if line.rfind(" ", best[1], end) > 0 else end
    inside = [(a - start, min(b, end) - start) for a, b in spans if a >= start and a < end]
    pieces = _pieces(line[start:end], inside)
    return Marked((*([("…", False)] if start else []), *pieces, *([("…", False)] if end < len(line) else [])))


def _within(spans: Sequence[tuple[int, int]], start: int) -> list[tuple[int, int]]:
    return [span for span in spans if start <= span[0] < start + _LONGEST - _BEFORE]


def _spans(text: str, words: Collection[str]) -> list[tuple[int, int]]:
    """Return where grams of the words stand in a text, joined where they touch; no span is a part of a mere ending."""
    plain = normalise(text)
    if len(plain) != len(text):
        plain = text.casefold() if len(text.casefold()) == len(text) else text
    hits: list[tuple[int, int]] = []
    for word in words:
        needles = [word] if word.isascii() or len(word) == 1 else [word, *grams_of_word(word)]
        for needle in needles:
            at = plain.find(needle)
            while at >= 0:
                hits.append((at, at + len(needle)))
                at = plain.find(needle, at + 1)
            if hits and needle == word and needle in plain:
                break  # the whole word is there: its parts elsewhere say less
    joined: list[tuple[int, int]] = []
    for start, end in sorted(hits):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in spans:
        if start > at:
            pieces.append((text[at:start], False))
        pieces.append((text[start:end], True))
        at = end
    if at < len(text):
        pieces.append((text[at:], False))
    return pieces
