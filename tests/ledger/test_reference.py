"""The reference names every reason, event, field and code that the package has, and no other."""

import re
from pathlib import Path

import pytest

from maninso.ledger.entries import VOID_REASONS
from maninso.ledger.errors import Reason
from maninso.ledger.events import EVENT_FIELDS, QUORUM_FIELDS
from maninso.ledger.report import SiteReport

REFERENCE = (Path(__file__).parents[2] / "docs/reference/ledger.md").read_text()


def read_table(heading: str) -> list[list[str]]:
    """The cells of the table whose head row begins with `heading`."""
    table = REFERENCE[REFERENCE.index(f"\n| {heading} |") + 1 :].split("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split(" |")] for row in table.splitlines()[2:]]


def test_every_reason_is_described():
    assert sorted(row[0].strip("`") for row in read_table("reason")) == sorted(reason.value for reason in Reason)


def test_every_void_reason_is_described():
    assert {int(code): reason for code, reason in read_table("code")} == VOID_REASONS


def test_every_event_is_described_with_its_fields():
    described = {row[0].strip("`"): set(re.findall(r"`([a-z_]+)`", row[1])) for row in read_table("event")}
    expected = {name: set(fields) for name, fields in EVENT_FIELDS.items()}
    for name in ("threshold", "threshold undone"):
        expected[name] |= set(QUORUM_FIELDS)
    assert described == expected


@pytest.mark.parametrize("name", SiteReport("target", "origin").to_json())
def test_every_key_of_the_answer_is_described(name):
    assert f"`{name}`" in REFERENCE[REFERENCE.index("## What a check answers") :]
