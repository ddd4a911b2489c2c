"""Finds what may be people's names in Korean texts, for moderators to look at: Kiwi says what is a proper noun.

A name is a surname and two syllables, standing free: nearly all are. Kiwi does not tell people from places, so what
ends as those do is left out; people decide about the rest.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나엄채원천방공현함변염추"
    "도소석선설마길연위표명기반왕금옥육인맹제모탁국여어은편용"
)
DOUBLE_SURNAMES = frozenset({"남궁", "황보", "제갈", "사공", "선우", "서문", "독고"})
PLACES = frozenset("시도군구읍면동역로")  # what names of places end with

FindNames = Callable[[str], list[tuple[int, int]]]
"""Gives where names stand in a text: first character and the one after the last."""


class Token(Protocol):
    """A part of a text as Kiwi gives it: `tag` is NNP for a proper noun, and places count characters."""

    form: str
    tag: str
    start: int
    len: int


def load_names() -> FindNames:
    """Return what finds names; raises ImportError without the extra. It takes two seconds and 330 MB of memory."""
    from kiwipiepy import Kiwi

    # Without the dictionaries of words of several parts it finds the same names, in a third less memory.
    kiwi = Kiwi(num_workers=1, load_multi_dict=False, load_typo_dict=False)
    return lambda text: list(pick_names(text, kiwi.tokenize(text)))


def pick_names(text: str, tokens: Iterable[Token]) -> Iterator[tuple[int, int]]:
    """Give the places of what may be a name: proper nouns without a gap, taken together."""
    start = end = 0
    for token in tokens:
        is_proper, follows = token.tag == "NNP", token.start == end
        if is_proper and follows and end:
            end = token.start + token.len
            continue
        # A noun that follows without a gap makes a compound of it: Jeongseon county, Hongik university.
        if end and not (follows and token.tag in ("NNG", "SL", "SN")) and is_name(text[start:end]):
            yield start, end
        start, end = (token.start, token.start + token.len) if is_proper else (0, 0)
    if end and is_name(text[start:end]):
        yield start, end


def is_name(word: str) -> bool:
    """Whether a proper noun can be a person's name."""
    if word[:2] in DOUBLE_SURNAMES:
        return len(word) in (3, 4)
    return len(word) == 3 and word[0] in SURNAMES and word[-1] not in PLACES
