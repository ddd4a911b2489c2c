"""The reference names every key and preset, and the charter of the how-to does what the page says."""

import re
import tomllib
from pathlib import Path

import pytest

from maninso.charter import CharterError, Text, load_charter, load_counts, preset_ids, whatif
from maninso.charter.base import Length, Model

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "charter.md").read_text(encoding="utf-8")
HOW_TO = (DOCS / "howto" / "write-a-charter.md").read_text(encoding="utf-8")


def all_models(kind=Model):
    for below in kind.__subclasses__():
        yield below
        yield from all_models(below)


def find_undocumented(text):
    parts = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`\n]+)`", text))))
    keys = {name for model in all_models() if model not in (Text, Length) for name in model.model_fields}
    return sorted(keys - parts)


def test_every_key_is_in_the_reference():
    assert find_undocumented(REFERENCE) == []
    assert find_undocumented(REFERENCE.replace("undone_by_voids", "")) == ["undone_by_voids"]


def test_every_preset_is_in_the_reference():
    listed = re.findall(r"^\| `([a-z0-9-]+)` \|", REFERENCE.split("## Charters that come with the program")[1], re.M)
    assert tuple(listed) == preset_ids()


def read_block(kind):
    return re.search(rf"```{kind}\n(.*?)```", HOW_TO, re.S)[1].replace("\n   ", "\n").removeprefix("   ")


def test_the_charter_of_the_how_to_works():
    charter = load_charter(read_block("toml").encode(), name="town.toml")
    registered, counts = load_counts(read_block("json").encode(), "counts.json", charter=charter)
    (verdict,) = whatif(charter, registered=registered, counts=counts)
    assert (charter.id, verdict.measured.met, verdict.owed.id) == ("town", True, "answer")
    assert tomllib.loads(read_block("toml"))["id"] == "town"


def test_the_fault_of_the_how_to_is_told_as_the_page_says():
    source = read_block("toml").replace("at_least = 300", 'at_least = "300"')
    with pytest.raises(CharterError) as caught:
        load_charter(source.encode(), name="town.toml")
    assert f"`{caught.value}`" in HOW_TO
