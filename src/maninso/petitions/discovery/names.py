"""Whom a Korean text names, as the encoder's morphological analyser (run/names.py) finds it; a person looks at it."""

import json
import re

from maninso.petitions.discovery.meaning import ask_encoder, read_exactly

_HANGUL = re.compile("[가-힣]")


def find_names(text: str) -> tuple[tuple[int, int], ...]:
    """Return where names may stand, first character and the one after the last; none while the encoder is away."""
    if not _HANGUL.search(text):
        return ()
    answer = ask_encoder(
        "names", [text], read=lambda held: read_exactly(held, int.from_bytes(read_exactly(held, 4), "big"))
    )
    return tuple((start, end) for start, end in json.loads(answer)[0]) if answer is not None else ()
