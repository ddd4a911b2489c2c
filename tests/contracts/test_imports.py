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

BREACHES = {  # of each contract: where, what is smuggled in, and how it is told
    "Five floors; nothing imports upward": (
        "charter/clock.py",
        "import maninso.identity.ticket",
        "maninso.charter.clock -> maninso.identity.ticket (l.",
    ),
    "Hot path and pure packages never see Django": (
        "signing/gate.py",
        "import django.conf",
        "maninso.signing.gate -> django (l.",
    ),
    "Rules and proofs do no I/O": ("ledger/tiles.py", "import subprocess", "maninso.ledger.tiles -> subprocess (l."),
    "Inside petitions: one writer of state at the bottom": (
        "petitions/lifecycle/table.py",
        "import maninso.petitions.obligations",
        "maninso.petitions.lifecycle.table -> maninso.petitions.obligations (l.",
    ),
    "Only petitions touches models": (
        "web/pages/front.py",
        "import maninso.petitions.models",
        "maninso.web.pages.front -> maninso.petitions.models (l.",
    ),
    "Pages, API and back office do not know each other": (
        "web/office/queue.py",
        "import maninso.web.pages",
        "maninso.web.office.queue -> maninso.web.pages (l.",
    ),
    "No cycles anywhere": ("signing/gate.py", "import maninso.signing.sequencer", ".gate -> .sequencer (1 import)"),
}

MORE = (  # floors inside petitions that the one breach above does not touch
    ("letters", "lifecycle"),
    ("audit", "letters"),
    ("noticeboard", "moderation"),
    ("accounts", "raising"),
    ("raising.words", "moderation"),
    ("raising.creators", "holders"),
    ("holders", "discovery"),
)


def read_configuration() -> list[dict[str, object]]:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = configuration["tool"]["importlinter"]["contracts"]
    assert isinstance(contracts, list)
    return contracts


def lint(source: Path) -> tuple[int, str]:
    """Check the contracts on the package below `source`; give the exit status and what is said."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", ROOT / "pyproject.toml"],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said of each contract that is broken where all is smuggled in at once: it names each import by itself."""
    source = tmp_path_factory.mktemp("smuggled")
    shutil.copytree(ROOT / "src" / "maninso", source / "maninso", ignore=shutil.ignore_patterns("__pycache__"))
    smuggled = [(place, line) for place, line, _ in BREACHES.values()]
    smuggled += [(f"petitions/{one.replace('.', '/')}.py", f"import maninso.petitions.{other}") for one, other in MORE]
    for place, line in smuggled:
        with (source / "maninso" / place).open("a") as file:
            file.write(f"\n{line}\n")
    status, said = lint(source)
    assert status == 1
    _, *parts = re.split(r"^(.+)\n-+$", said.partition("Broken contracts")[2], flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_contracts_hold() -> None:
    names = [contract["name"] for contract in read_configuration()]
    status, said = lint(ROOT / "src")
    assert (status, dict(re.findall(r"^(.+) (KEPT|BROKEN)", said, re.MULTILINE))) == (0, dict.fromkeys(names, "KEPT"))


def test_every_contract_has_a_breach_here() -> None:
    assert {contract["name"] for contract in read_configuration()} == set(BREACHES)


@pytest.mark.parametrize("contract", BREACHES)
def test_a_smuggled_import_breaks_its_contract(contract: str, broken: dict[str, str]) -> None:
    assert BREACHES[contract][2] in broken[contract]


@pytest.mark.parametrize(("one", "other"), MORE)
def test_each_floor_inside_petitions_keeps_to_itself(one: str, other: str, broken: dict[str, str]) -> None:
    said = broken["Inside petitions: one writer of state at the bottom"]
    assert f"maninso.petitions.{one} -> maninso.petitions.{other} (l." in said
