"""ruff's rules that hold our own decisions are seen to refuse what they are for."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONG = "def long() -> int:\n    n = 0\n" + "    n += 1\n" * 40 + "    return n\n"


def find_faults(source: str, place: str) -> set[str]:
    """Give the codes of ruff's rules that this source breaks, were it the file at `place`."""
    done = subprocess.run(
        [Path(sys.executable).with_name("ruff"), "check", "--output-format=concise", "--stdin-filename", place, "-"],
        input=source,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return {line.split()[1] for line in done.stdout.splitlines() if line.startswith(place)}


@pytest.mark.parametrize(
    ("rule", "place", "source"),
    [
        ("TID251", "src/maninso/petitions/x.py", "from django.http import HttpRequest\n\nprint = HttpRequest\n"),
        ("TID251", "src/maninso/petitions/x.py", "from django.urls import reverse\n\nx = reverse\n"),
        ("TID251", "src/maninso/signing/x.py", "import datetime as dt\n\nx = dt.datetime.now(dt.UTC)\n"),
        ("TID251", "src/maninso/petitions/x.py", "from django.utils.timezone import now\n\nx = now\n"),
        ("TID252", "src/maninso/ledger/x.py", "from ..charter import clock\n\nx = clock\n"),
        ("PLR0915", "src/maninso/ledger/x.py", LONG),
        ("T201", "src/maninso/run/x.py", "print('hello')\n"),
        ("BLE001", "src/maninso/run/x.py", "try:\n    x = 1\nexcept Exception:\n    x = 2\n"),
    ],
    ids=lambda value: "" if "\n" in value else value,
)
def test_a_rule_refuses_what_it_is_for(rule: str, place: str, source: str) -> None:
    assert rule in find_faults(source, place)


def test_http_and_the_clock_are_for_the_upper_floors() -> None:
    source = (
        "import datetime as dt\n\nfrom django.http import HttpRequest\n\nx = (dt.datetime.now(dt.UTC), HttpRequest)\n"
    )
    assert find_faults(source, "src/maninso/web/x.py") == set()
    assert find_faults(source, "src/maninso/run/x.py") == set()
