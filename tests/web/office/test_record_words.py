"""Every action of the office's record has words on its page and a place in the reference."""

import re
from pathlib import Path

from maninso.web.office.record import ACTIONS

ROOT = Path(__file__).parents[3]
WRITES = (
    r'action="([a-z-]+)"',
    r'record_action\(\s*(?:\w+|Actor\([^)]*\)),\s*"([a-z-]+)"',
    r'record_action\(\s*\w+,\s*"[a-z-]+" if [^,]* else "([a-z-]+)"',
    r'_record\(batch, "([a-z-]+)"',
    r'action = "([a-z-]+)" if',
    r'action = "[a-z-]+" if [^"]*(?:"[a-z-]+" )?else "([a-z-]+)"',
    r'hold or "([a-z-]+)"',
)


def test_every_action_that_is_written_has_words() -> None:
    code = "".join(file.read_text("utf-8") for file in (ROOT / "src/maninso/petitions").rglob("*.py"))
    written = {found for pattern in WRITES for found in re.findall(pattern, code)}
    assert len(written) > 40
    assert written - ACTIONS.keys() == set()


def test_every_action_is_in_the_reference() -> None:
    reference = (ROOT / "docs/reference/office.md").read_text("utf-8")
    assert [action for action in ACTIONS if f"`{action}`" not in reference] == []
