"""Every import contract of pyproject.toml holds, and is seen to break when an import is smuggled in."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

BREACHES = {
    "Five floors; nothing imports upward": ("charter/clock.py", "import maninso.identity.ticket"),
    "Hot path and pure packages never see Django": ("signing/gate.py", "import django.conf"),
    "Rules and proofs do no I/O": ("ledger/tiles.py", "import subprocess"),
    "Inside petitions: one writer of state at the bottom": (
        "petitions/lifecycle/table.py",
        "import maninso.petitions.obligations",
    ),
    "Only petitions touches models": ("web/pages/front.py", "import maninso.petitions.models"),
    "Pages, API and back office do not know each other": ("web/office/queue.py", "import maninso.web.pages"),
    "No cycles anywhere": ("signing/gate.py", "import maninso.signing.sequencer"),
}

MORE = (  # floors inside petitions that the one breach above does not touch
    ("petitions/letters.py", "import maninso.petitions.lifecycle"),
    ("petitions/audit.py", "import maninso.petitions.letters"),
    ("petitions/noticeboard.py", "import maninso.petitions.moderation"),
    ("petitions/accounts.py", "import maninso.petitions.raising"),
    ("petitions/raising/words.py", "import maninso.petitions.moderation"),
    ("petitions/raising/creators.py", "import maninso.petitions.holders"),
    ("petitions/holders.py", "import maninso.petitions.discovery"),
)


def read_configuration() -> list[dict[str, object]]:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = configuration["tool"]["importlinter"]["contracts"]
    assert isinstance(contracts, list)
    return contracts


def lint(source: Path) -> tuple[int, dict[str, str]]:
    """Check the contracts on the package below `source`; give the exit status and each contract's verdict."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", ROOT / "pyproject.toml"],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, dict(re.findall(r"^(.+) (KEPT|BROKEN)", done.stdout, re.MULTILINE))


def test_the_contracts_hold() -> None:
    names = [contract["name"] for contract in read_configuration()]
    assert lint(ROOT / "src") == (0, dict.fromkeys(names, "KEPT"))


def test_every_contract_has_a_breach_here() -> None:
    assert {contract["name"] for contract in read_configuration()} == set(BREACHES)


@pytest.mark.parametrize("contract", BREACHES)
def test_a_smuggled_import_breaks_its_contract(contract: str, tmp_path: Path) -> None:
    place, smuggled = BREACHES[contract]
    shutil.copytree(ROOT / "src" / "maninso", tmp_path / "maninso", ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "maninso" / place
    file.write_text(f"{file.read_text()}\n{smuggled}\n")
    status, verdicts = lint(tmp_path)
    assert (status, verdicts[contract]) == (1, "BROKEN")


@pytest.mark.parametrize(("place", "smuggled"), MORE)
def test_each_floor_inside_petitions_keeps_to_itself(place: str, smuggled: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src" / "maninso", tmp_path / "maninso", ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "maninso" / place
    file.write_text(f"{file.read_text()}\n{smuggled}\n")
    _, verdicts = lint(tmp_path)
    assert verdicts["Inside petitions: one writer of state at the bottom"] == "BROKEN"
