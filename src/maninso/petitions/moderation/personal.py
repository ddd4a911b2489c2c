"""Passages of a text that look like personal data, for a moderator to look at. Patterns find, people decide."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_SURNAMES = "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나엄채원천방공현함변염추"
_PLATES = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자허하호배"
_TITLES = "씨|님|군|양|선생|교사|교수|의원|대표|과장|부장|팀장|국장|원장|기자|판사|검사|변호사"

PATTERNS: Mapping[str, re.Pattern[str]] = {
    "email": re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+", re.ASCII),
    # Registration numbers of residents: date of birth, then seven digits of which the first is 1 to 8.
    "resident-number": re.compile(r"(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[- –]?[1-8]\d{6}(?!\d)"),
    "card-number": re.compile(r"(?<!\d)\d{4}([- ]?)\d{4}\1\d{4}\1\d{4}(?!\d)"),
    "phone": re.compile(
        r"(?<![\d-])(?:\+82[- .]?\(?0?\)?|0)(?:1[016-9]|2|[3-6][1-5]|70|50\d)[- .)]{0,2}\d{3,4}[- .]?\d{4}(?![\d-])"
        r"|(?<![\d-])(?:\+44[- ]?|0)\d{2,4}[- ]\d{3,4}[- ]?\d{3,4}(?![\d-])"
    ),
    "account-number": re.compile(r"(?<![\d-])\d{3,6}-\d{2,6}-\d{5,8}(?![\d-])"),
    "plate": re.compile(rf"(?<!\d)\d{{2,3}}[{_PLATES}] ?\d{{4}}(?!\d)"),
    "address": re.compile(
        r"[가-힣]{2,12}(?:대로|로|길)(?:\d+번?길)? ?\d{1,4}(?:-\d{1,4})?(?:번지|호)?"
        r"(?!\d| ?(?:[년월일명개번곳차시분초배건%m]|가지|미터))"
        r"|[가-힣]{1,8}(?:동|읍|면|리) ?\d{1,4}(?:-\d{1,4})?번지"
        r"|\d{1,4}동 ?\d{1,4}호"
        r"|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b"
    ),
    "name": re.compile(
        rf"(?<![가-힣])[{_SURNAMES}][가-힣]{{1,2}} ?(?:{_TITLES})(?=[^가-힣]|[은는이가을를의에와과도께]|$)"
        r"|\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? [A-Z][a-z]+(?: [A-Z][a-z]+)?"
    ),
}


@dataclass(frozen=True, order=True)
class Passage:
    """A passage that looks like personal data: characters `start` to `end` of the text, and of what kind."""

    start: int
    end: int
    kind: str


def find_personal_data(text: str, *, names: Iterable[tuple[int, int]] = ()) -> tuple[Passage, ...]:
    """Return passages that look like personal data, in order and without overlaps; the kinds are those of PATTERNS.

    `names` are places of names that something else found: patterns know those with a title alone.
    """
    found: list[Passage] = []
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            passage = Passage(match.start(), match.end(), kind)
            if not any(passage.start < other.end and other.start < passage.end for other in found):
                found.append(passage)
    for start, end in names:
        if not any(start < other.end and other.start < end for other in found):
            found.append(Passage(start, end, "name"))
    return tuple(sorted(found))
