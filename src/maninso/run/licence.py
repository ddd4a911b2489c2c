"""The licence that a site gives its data under: one that is known by its SPDX name, or the address of another."""

import re
from dataclasses import dataclass

KNOWN = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "ODbL-1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
    "ODC-By-1.0": "https://opendatacommons.org/licenses/by/1-0/",
    "OGL-UK-3.0": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    "KOGL-1": "https://www.kogl.or.kr/info/licenseType1.do",
}

_ADDRESS = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]{2,200}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Licence:
    """What a licence is called, and where its text is."""

    name: str
    address: str


def read_licence(text: str) -> Licence | None:
    """Return the licence of a setting; None for "none". Raises ValueError for what is neither a name nor an address."""
    if text == "none":
        return None
    if text in KNOWN:
        return Licence(name=text, address=KNOWN[text])
    if _ADDRESS.fullmatch(text):
        return Licence(name=text, address=text)
    raise ValueError(text)
