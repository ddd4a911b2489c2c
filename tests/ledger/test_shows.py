"""From the command line, as an auditor sees it: an honest log passes, and each way to cheat has its own clear reason.

Each is checked by both programs: `maninso verify`, and `python -m maninso.ledger verify` on a machine that has Python
and `cryptography` alone.
"""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from tests.run.conftest import run_maninso

import maninso
from maninso.ledger.entries import Sign, Void
from maninso.ledger.merkle import hash_leaves
from maninso.ledger.note import SignerKey
from maninso.ledger.tiles import pack_bundle, unpack_bundle

DECISION = b"d" * 32


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to import from that holds this package and `cryptography` with what it is built on, and no more."""
    folder = tmp_path_factory.mktemp("bare")
    (folder / "maninso").mkdir()
    source = Path(maninso.__file__).parent
    (folder / "maninso" / "__init__.py").symlink_to(source / "__init__.py")
    (folder / "maninso" / "ledger").symlink_to(source / "ledger")
    for name in ("cryptography", "cffi", "_cffi_backend"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        place = Path(spec.origin)
        place = place.parent if place.name == "__init__.py" else place
        (folder / place.name).symlink_to(place)
    return folder


@pytest.fixture
def verify(bare: Path) -> Callable[..., tuple[int, str]]:
    """Runs both programs; their exit status and output have to be the same."""

    def run(log, *options: str | Path) -> tuple[int, str]:
        words = ["verify", str(log.folder), *map(str, options)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MANINSO_", "PYTHON"))}
        alone = subprocess.run(
            [sys.executable, "-S", "-m", "maninso.ledger", *words],
            env={**environment, "PYTHONPATH": str(bare)},
            capture_output=True,
            text=True,
            check=False,
        )
        whole = run_maninso(*words, home=log.folder.parent)
        said = [
            re.sub(r" \(at .* UTC by maninso .*\)\.$", ".", out, flags=re.M) for out in (alone.stdout, whole.stdout)
        ]
        assert (alone.returncode, said[0]) == (whole.returncode, said[1])
        assert "Traceback" not in alone.stderr + whole.stderr
        return alone.returncode, alone.stdout

    return run


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def write(name: str, data: bytes) -> Path:
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return write


def edit_bundle(log, path, width, edit):
    entries = unpack_bundle(log.read(path), width)
    edit(entries)
    log.write(path, pack_bundle(entries))
    return entries


BROKEN = "This log does not hold. Keep the files: they are the evidence.\n"


def assert_refused(answer: tuple[int, str], reason: str, sentence: str, *, verdict: str = BROKEN) -> None:
    """Exit status 1, this reason and no other, a sentence that names the place, and the verdict as the last."""
    status, out = answer
    wrong = [line for line in out.splitlines() if line.startswith("WRONG")]
    assert (status, [line[: len(f"WRONG ({reason})")] for line in wrong]) == (1, [f"WRONG ({reason})"]), out
    assert sentence in wrong[0]
    assert out.endswith(verdict)


def test_an_honest_log_is_accepted(log, verify, keep):
    old, receipt = keep("old", log.checkpoint(200)), keep("mine", log.receipt(57))
    log.publish()
    status, out = verify(log, "--key", log.vkey, "--old", old, "--receipt", receipt)
    assert status == 0
    assert "299 signatures, less 0 voided, plus 0 reinstated, make a count of 299.\n" in out
    assert "It continues the checkpoint of 200 leaves seen before.\n" in out
    assert f"The receipt {receipt} holds: it is leaf 57, and it counts.\n" in out
    assert out.endswith("The count is right: 299.\n")


def test_a_changed_entry(log, verify):
    log.publish()
    another = Sign(0, 0, 0, b"n" * 16, b"e" * 32).render()
    edit_bundle(log, "tile/entries/000", 256, lambda entries: entries.__setitem__(9, another))
    assert_refused(
        verify(log, "--key", log.vkey), "changed-entry", "The entry of leaf 9 is not the one that was signed."
    )


def test_a_changed_tile(log, verify):
    log.publish()
    log.write("tile/0/000", log.read("tile/0/000")[::-1])
    assert_refused(verify(log, "--key", log.vkey), "changed-tile", "tile/0/000 is not what")


def test_a_dropped_leaf(log, verify):
    log.publish()
    edit_bundle(log, "tile/entries/000", 256, lambda entries: entries.pop(100))
    assert_refused(verify(log, "--key", log.vkey), "dropped-leaf", "It departs from the log at leaf 100.")


def test_a_duplicated_nullifier(log, verify):
    log.sign(7).publish()
    assert_refused(verify(log, "--key", log.vkey), "duplicated-nullifier", "The signatures at leaves 7, 300 are one")


def test_a_void_of_a_void(log, verify):
    log.add(Void(1, 0, 10, DECISION), Void(1, 0, 300, DECISION)).publish()
    assert_refused(verify(log, "--key", log.vkey), "void-of-void", "Leaf 301 voids leaf 300, which is itself a void.")


def test_a_fork_against_an_older_checkpoint(log, verify, keep):
    old = keep("old", log.checkpoint(200))
    log.entries[150] = Sign(0, 0, 0, b"n" * 16, b"e" * 32).render()
    log.publish()
    assert_refused(
        verify(log, "--key", log.vkey, "--old", old), "fork", "its first 200 leaves had another root. Two signed"
    )


def test_a_wrong_key(log, verify):
    log.publish()
    other = SignerKey(log.origin, b"t" * 32).verifier
    named = f"not by {other.name}+{other.key_id.hex()}."
    assert_refused(verify(log, "--key", other.render()), "wrong-key", named)


def test_a_truncated_bundle(log, verify):
    log.publish()
    log.write("tile/entries/001.p/44", log.read("tile/entries/001.p/44")[:-7])
    assert_refused(verify(log, "--key", log.vkey), "truncated-bundle", "ends inside entry 43 of 44.")


def test_a_receipt_of_another_log(make_log, log, verify, keep):
    log.publish()
    other = keep("theirs", make_log("petitions.example/p/8/log").begin().receipt(0))
    answer = verify(log, "--key", log.vkey, "--receipt", other)
    sentence = "It is of the log petitions.example/p/8/log, not of petitions.example/p/7/log."
    verdict = "The count is right: 299. What was given to be held against it is not this log's, or is damaged.\n"
    assert_refused(answer, "other-log", sentence, verdict=verdict)


def test_a_forged_full_tile_in_a_log_of_300_leaves(log, verify):
    """At this size a reader that does not hold every full tile to its parent takes a wholly made-up one."""
    assert len(log.entries) == 300
    log.publish()
    forged = [Sign(0, 0, 0, sha256(b"made up %d" % n).digest()[:16], b"e" * 32).render() for n in range(255)]
    entries = edit_bundle(log, "tile/entries/000", 256, lambda entries: entries.__setitem__(slice(1, 256), forged))
    log.write("tile/0/000", b"".join(hash_leaves(entries)))
    assert_refused(verify(log, "--key", log.vkey), "forged-tile", "tile/0/000 does not belong to the signed root.")
