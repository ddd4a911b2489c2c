"""What can be set, called and installed is written down, and the lock files are what they have to be."""

import re
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from maninso.run.cli import app
from maninso.run.settings import VARIABLES

ROOT = Path(__file__).resolve().parents[2]


def find_commands() -> dict[str, list[str]]:
    """Give every command of the command line with its options."""
    found: dict[str, list[str]] = {}

    def walk(command: object, words: str) -> None:
        parts = getattr(command, "commands", None)
        if parts:
            for name, part in parts.items():
                walk(part, f"{words} {name}".strip())
        else:
            options = [option for parameter in getattr(command, "params", []) for option in parameter.opts]
            found[words] = sorted(option for option in options if option.startswith("--") and option != "--help")

    walk(get_command(app), "")
    return found


def test_every_setting_is_documented_and_nothing_else() -> None:
    text = (ROOT / "docs" / "reference" / "settings.md").read_text()
    headings = re.findall(r"^## `([A-Z_]+)`$", text, re.MULTILINE)
    assert headings == list(VARIABLES)


def test_every_variable_that_the_program_reads_is_a_known_setting() -> None:
    read = set()
    for file in (ROOT / "src").rglob("*.py"):
        read |= set(re.findall(r'"((?:MANINSO|DATABASE)_[A-Z_]+)"', file.read_text()))
    internal = {
        "MANINSO_PARENT",
        "MANINSO_WRAPPING_KEY",
        "MANINSO_LOG_PUBLIC_KEY",
    }  # between our own processes and parts
    assert read - internal == set(VARIABLES)


def test_every_command_and_option_is_documented_and_nothing_else() -> None:
    text = (ROOT / "docs" / "reference" / "commands.md").read_text()
    sections = dict(re.findall(r"^## `maninso ([a-z -]+)`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    documented = {name: sorted(set(re.findall(r"`(--[a-z-]+)", body))) for name, body in sections.items()}
    assert documented == find_commands()


def test_help_is_there_for_every_command() -> None:
    for words in find_commands():
        shown = CliRunner().invoke(app, [*words.split(), "--help"])
        assert (shown.exit_code, shown.stderr) == (0, "")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_pins_everything_by_hash_and_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    pinned = re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==\S+", text, re.MULTILINE)
    hashed = re.findall(r"^[a-z0-9._-]+(?:\[[a-z,]+\])?==.* \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert len(pinned) == len(hashed) > 20
    assert re.findall(r"\S*(?:://|--index|--find-links|--extra-index)\S*", text) == []


def test_the_lock_files_pin_the_same_versions() -> None:
    runtime, everything = (
        dict(re.findall(r"^(\S+?)==([^\s;]+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert {name: everything.get(name) for name in runtime} == runtime


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert sorted(re.findall(r"^  make ([a-z-]+)", done.stdout, re.MULTILINE)) == sorted(phony[1].split())


def test_every_link_between_documents_leads_somewhere() -> None:
    files = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md")]
    links = [
        (file, link.split("#")[0])
        for file in files
        for link in re.findall(r"\]\(([^)\s]+)\)", file.read_text())
        if "://" not in link and not link.startswith("#")
    ]
    assert [f"{file.name} -> {link}" for file, link in links if not (file.parent / link).exists()] == []


def find_links(file: Path) -> list[str]:
    links = re.findall(r"\]\(([^)\s]+)\)", file.read_text())
    return [link for link in links if "://" not in link]


def test_every_page_is_linked_from_the_index() -> None:
    docs = ROOT / "docs"
    linked = {(docs / link.split("#")[0]).resolve() for link in find_links(docs / "index.md")}
    pages = {page.resolve() for page in docs.rglob("*.md")} - {docs / "index.md"}
    assert sorted(page.name for page in pages - linked) == []


def test_every_heading_that_a_document_links_is_there() -> None:
    missing = []
    for file in [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md")]:
        for link in find_links(file):
            path, mark, heading = link.partition("#")
            if mark and heading not in find_headings((file.parent / path) if path else file):
                missing.append(f"{file.name} -> {link}")
    assert missing == []


def find_headings(file: Path) -> set[str]:
    """Give the headings of a document as links name them: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_command_shown_in_a_document_exists() -> None:
    commands = find_commands()
    unknown = []
    for file in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for shown in re.findall(
            r"^ *(?:[A-Z_]+=\S+ )?(?:\.venv/bin/)?maninso ([a-z].*)$", file.read_text(), re.MULTILINE
        ):
            words = shown.split()
            name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in commands), None)
            options = {word.split("=")[0] for word in words if word.startswith("--")}
            if name is None or not options <= {*commands[name], "--help"}:
                unknown.append(f"{file.name}: maninso {shown}")
    assert unknown == []
