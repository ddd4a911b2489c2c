"""What the documentation says of petitions is what the program does."""

import datetime as dt
import hashlib
import json
import re
from pathlib import Path

import pytest

from maninso.charter import load_preset
from maninso.petitions.lifecycle import TRANSITIONS, canonical_text
from maninso.petitions.models.obligation import OBLIGATION_STATES
from maninso.petitions.models.petition import STATES
from maninso.petitions.opendata.bluehouse import import_blue_house

DOCS = Path(__file__).parents[2] / "docs"
STATES_PAGE = (DOCS / "reference" / "states.md").read_text(encoding="utf-8")


def rows_of(heading: str) -> list[list[str]]:
    """Return the cells of the table that follows a column heading."""
    table = STATES_PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_every_move_is_documented_with_its_roles() -> None:
    documented = {(row[0], row[1]): frozenset(row[2].split(", ")) for row in rows_of("from")}
    assert documented == TRANSITIONS


def test_every_state_is_documented() -> None:
    assert tuple(row[0] for row in rows_of("state")) == STATES
    last_table = STATES_PAGE.rpartition("| state |")[2]
    assert tuple(re.findall(r"^\| `([a-z]+)` \|", last_table, re.MULTILINE)) == OBLIGATION_STATES


def test_the_documented_digest_is_the_one_that_is_pinned() -> None:
    text = canonical_text(title="Benches", body="At every stop.")
    assert len(text) == 23
    assert hashlib.sha256(text).hexdigest() in STATES_PAGE


@pytest.mark.django_db
def test_the_documented_line_can_be_imported(tmp_path: Path, now: dt.datetime) -> None:
    page = (DOCS / "howto" / "import-an-archive.md").read_text(encoding="utf-8")
    line = page.partition("```json\n")[2].partition("```")[0]
    fields = set(re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (`[a-z_`, ]+) \|", page, re.MULTILINE))))
    assert fields == json.loads(line).keys()
    path = tmp_path / "line.jsonl"
    path.write_text(line, encoding="utf-8")
    report = import_blue_house([path], charter=load_preset("blue-house-2019"), now=now)
    assert (report.added, report.skipped) == (1, [])
