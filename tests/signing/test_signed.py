"""What was signed last, outside the database: it survives a crash in the middle of a write, and never lies."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso.ledger.checkpoint import Checkpoint
from maninso.ledger.witness import name_state
from maninso.signing.signed import SLOT, SignedError, SignedFiles

ORIGIN = "petitions.example.org/p/7/log"


def point(size: int, origin: str = ORIGIN) -> Checkpoint:
    return Checkpoint(origin, size, size.to_bytes(32, "big"))


def test_the_last_record_is_read_back_by_anyone(tmp_path: Path) -> None:
    signed = SignedFiles(tmp_path / "keys" / "signed")
    assert signed.read(ORIGIN) is None
    for size in (1, 2, 3, 300, 70_000):
        signed.record(point(size))
        assert signed.read(ORIGIN) == SignedFiles(tmp_path / "keys" / "signed").read(ORIGIN) == point(size)
    signed.record(point(5, "petitions.example.org/log"))
    assert signed.read(ORIGIN) == point(70_000)
    assert signed.read("petitions.example.org/log") == point(5, "petitions.example.org/log")


def test_files_stay_small_and_closed_to_others(tmp_path: Path) -> None:
    signed = SignedFiles(tmp_path / "signed")
    for size in range(1, 100):
        signed.record(point(size))
    assert [path.name for path in (tmp_path / "signed").iterdir()] == [name_state(ORIGIN)]
    status = (tmp_path / "signed" / name_state(ORIGIN)).stat()
    assert (status.st_size, status.st_mode & 0o077) == (2 * SLOT, 0)
    assert (tmp_path / "signed").stat().st_mode & 0o077 == 0


@given(st.integers(0, SLOT), st.integers(2, 9), st.binary(min_size=1, max_size=20))
def test_a_record_torn_by_a_crash_leaves_the_one_before(
    tmp_path_factory: pytest.TempPathFactory, cut: int, records: int, garbage: bytes
) -> None:
    """Of the write that was under way, any beginning may be on the disk, and whatever was there before or garbage."""
    folder = tmp_path_factory.mktemp("signed")
    signed = SignedFiles(folder)
    path = folder / name_state(ORIGIN)
    for size in range(1, records + 1):
        signed.record(point(size))
    before = path.read_bytes()
    signed.record(point(records + 1))
    after = path.read_bytes()
    place = SLOT * next(n for n in (0, 1) if before[n * SLOT : n * SLOT + SLOT] != after[n * SLOT : n * SLOT + SLOT])
    torn = after[place : place + cut] + before[place + cut : place + SLOT]
    path.write_bytes(before[:place] + torn + before[place + SLOT :])
    assert signed.read(ORIGIN) in (point(records), point(records + 1))
    spoilt = (torn[:cut] + garbage + torn[cut:])[:SLOT]
    path.write_bytes(before[:place] + spoilt + before[place + SLOT :])
    assert signed.read(ORIGIN) in (point(records), point(records + 1))
    signed.record(point(records + 5))
    assert signed.read(ORIGIN) == point(records + 5)


@pytest.mark.parametrize("data", [b"", b"\0" * 2 * SLOT, b"x" * 2 * SLOT])
def test_a_file_that_says_nothing_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / name_state(ORIGIN)).write_bytes(data)
    with pytest.raises(SignedError, match="does not say what was signed last of") as caught:
        SignedFiles(tmp_path).read(ORIGIN)
    assert "keys/signed" in caught.value.cure


def test_another_log_s_file_is_refused(tmp_path: Path) -> None:
    signed = SignedFiles(tmp_path)
    signed.record(point(3, "elsewhere.example/log"))
    os.replace(tmp_path / name_state("elsewhere.example/log"), tmp_path / name_state(ORIGIN))
    with pytest.raises(SignedError):
        signed.read(ORIGIN)


def test_a_folder_that_cannot_be_used_is_an_error_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "signed").write_text("a file")
    with pytest.raises(SignedError, match="cannot be written"):
        SignedFiles(tmp_path / "signed").record(point(1))
    with pytest.raises(SignedError, match="cannot be read"):
        SignedFiles(tmp_path / "signed").read(ORIGIN)
    with pytest.raises(SignedError, match="too long"):
        SignedFiles(tmp_path / "x").record(point(1, "o" * SLOT))


def test_all_that_was_signed_is_listed_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "signed"
    signed = SignedFiles(folder)
    assert signed.list_all() == []
    points = [point(7), point(300, "petitions.example.org/log"), point(2, "petitions.example.org/p/8/log")]
    for each in points:
        signed.record(point(1, each.origin))
        signed.record(each)
    torn = folder / name_state(ORIGIN)
    data = torn.read_bytes()
    torn.write_bytes(data[:-SLOT] + bytes(SLOT))  # the record at 7 leaves; the one before is left
    (folder / name_state("nobody")).write_bytes(b"?" * 2 * SLOT)
    (folder / f"{name_state(ORIGIN)}.part").write_bytes(data)
    (folder / "README").write_text("not a record")
    listed = sorted(signed.list_all(), key=lambda each: each.size)
    assert listed == [point(1), points[2], points[1]]
    (folder / name_state("folder")).mkdir()
    with pytest.raises(SignedError) as refusal:
        signed.list_all()
    assert refusal.value.cure
