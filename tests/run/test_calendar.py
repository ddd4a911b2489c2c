"""`maninso import calendar`: what it says, and its exit statuses."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Run = Callable[..., "CompletedProcess[str]"]


def test_a_calendar_is_tried_and_what_is_wrong_is_an_exit_status(on_sample: Run, tmp_path: Path) -> None:
    file = tmp_path / "days.csv"
    file.write_text("day,kind\n2027-03-10,sitting\n2027-03-11,sitting\n")
    asked = ("import", "calendar", str(file), "--institution")
    for _ in range(2):
        done = on_sample(*asked, "university", "--dry-run", "--json", "--from", "2027-01-01", "--to", "2027-12-31")
        assert (done.returncode, json.loads(done.stdout)) == (
            0,
            {"dry_run": True, "added": 2, "removed": 0, "moved": []},
        )
    assert on_sample(*asked, "nowhere", "--dry-run").returncode == 2
    assert on_sample(*asked, "university", "--dry-run", "--to", "2027-03-10").returncode == 2
