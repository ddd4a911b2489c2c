"""What a made-up petition of the sample site is, and the charter of the government that does not exist."""

import re
from dataclasses import dataclass
from importlib.resources import files

from maninso.charter import Charter, load_charter, load_preset

GOVERNMENT = "sample-government"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the institution answered, and how many days after the threshold was met."""

    after: int
    author: str
    summary: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One made-up petition. Days are counted back from now; `signatures` are those of made-up people."""

    charter: str
    language: str
    title: str
    body: str
    topic: str
    creator: str
    state: str  # where its way ends: a state of the lifecycle
    opened: int  # days ago; where it never opened, the day on which it was handed in
    signatures: int = 0
    voids: int = 0
    ended: int = 0  # days ago: when it was withdrawn or removed
    reason: str = ""  # a code of the charter
    note: str = ""
    length: str = ""
    answer: Answer | None = None


def unwrap(text: str, *, language: str) -> str:
    """Return a sample's text as a person would have typed it: English lines are broken here for the source alone."""
    return text if language == "ko" else re.sub(r"(?<!\n)\n(?!\n)", " ", text)


def read_sample_charter(charter_id: str) -> Charter:
    """Return the charter that a sample follows: a preset, or the sample government's."""
    if charter_id != GOVERNMENT:
        return load_preset(charter_id)
    return load_charter(files("maninso.run").joinpath("demo_charter.toml").read_bytes(), name="demo_charter.toml")
