"""`maninso import bills`: what it says, and its exit statuses."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Run = Callable[..., "CompletedProcess[str]"]

RECORD = {"register": "assembly", "number": "77", "title": "Benches at every stop", "language": "en"}


def write(path: Path, records: object) -> str:
    path.write_text(json.dumps(records), encoding="utf-8")
    return str(path)


def test_a_dry_run_keeps_nothing_and_names_what_is_wrong(on_sample: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "bills.json", [RECORD, {**RECORD, "number": "78", "petitions": [{"petition": "999999"}]}])
    for _ in range(2):
        done = on_sample("import", "bills", file, "--dry-run", "--json")
        report = json.loads(done.stdout)
        assert (done.returncode, report["dry_run"], report["added"], report["changed"]) == (0, True, 1, 0)
        assert report["skipped"] == [
            {"file": "bills.json", "place": "record 2", "reason": "petitions: there is no petition 999999"}
        ]


def test_what_cannot_be_used_is_an_exit_status(on_sample: Run, tmp_path: Path) -> None:
    nothing = on_sample("import", "bills", write(tmp_path / "bills.json", [{"number": "1"}]), "--dry-run")
    assert (nothing.returncode, "record 1: " in nothing.stdout) == (1, True)
    assert on_sample("import", "bills", write(tmp_path / "bills.xml", [])).returncode == 2
    assert on_sample("import", "bills", str(tmp_path / "none.json")).returncode == 3
