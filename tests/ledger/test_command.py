"""`python -m maninso.ledger verify`: exit status, output, files."""

import json
import os
import pty
import subprocess
import sys

import pytest

from maninso.ledger.__main__ import main


def run(capsys, log, *options):
    status = main(["verify", str(log.folder), *options])
    return status, *capsys.readouterr()


def test_0_for_a_log_that_holds(capsys, log):
    log.publish()
    status, out, err = run(capsys, log, "--key", log.vkey)
    assert (status, err) == (0, "")
    assert out.endswith("The count is right: 299.\n")


def test_1_for_a_log_that_does_not(capsys, log):
    log.sign(7).publish()
    status, out, err = run(capsys, log, "--key", log.vkey)
    assert (status, err) == (1, "")
    assert "WRONG (duplicated-nullifier): " in out


def test_2_for_bad_usage(capsys, log):
    log.publish()
    assert run(capsys, log, "--key", "no key") == (
        2,
        "",
        "'no key' is not a log's public key. A key is one line, name+8 hex digits+base64, as the log's own address ends"
        " in /key.\n",
    )
    with pytest.raises(SystemExit) as stop:
        main(["verify"])
    assert stop.value.code == 2


def test_3_for_what_cannot_be_read(capsys, log):
    status, out, err = run(capsys, log)
    assert (status, out) == (3, "")
    assert err.startswith(f"{log.folder} is not a folder.")


def test_json_is_one_object_with_these_keys(capsys, log, tmp_path):
    receipt = tmp_path / "receipt"
    receipt.write_bytes(log.receipt(5))
    log.publish()
    status, out, _ = run(capsys, log, "--json", "--receipt", str(receipt))
    assert status == 0
    assert out.count("\n") == 1
    assert list(json.loads(out)) == [
        "ok",
        "target",
        "checked",
        "origin",
        "size",
        "root",
        "count",
        "signatures",
        "voids",
        "reinstated",
        "unknown",
        "by_region",
        "by_day",
        "by_assurance",
        "thresholds",
        "key_destroyed",
        "old",
        "receipts",
        "promises",
        "named",
        "reused",
        "site_proofs",
        "key",
        "key_source",
        "warnings",
        "problems",
    ]


def test_problems_in_json(capsys, log):
    log.publish()
    log.write("tile/0/000", log.read("tile/0/000")[::-1])
    status, out, _ = run(capsys, log, "--json", "--key", log.vkey)
    assert status == 1
    assert json.loads(out)["problems"] == [
        {"reason": "changed-tile", "message": "tile/0/000 is not what the log's signed entries make."}
    ]


def test_a_saved_checkpoint_is_the_next_old_one(capsys, log, tmp_path):
    seen = tmp_path / "seen"
    log.publish()
    assert run(capsys, log, "--key", log.vkey, "--save", str(seen))[0] == 0
    log.sign(400).publish()
    status, out, _ = run(capsys, log, "--key", log.vkey, "--old", str(seen))
    assert status == 0
    assert "It continues the checkpoint of 300 leaves seen before.\n" in out


def test_a_terminal_shows_progress(log):
    log.publish()
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "maninso.ledger", "verify", str(log.folder), "--key", log.vkey, "--jobs", "1"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, check=False)
    shown = os.read(screen, 10_000).decode()
    os.close(screen)
    os.close(terminal)
    assert done.returncode == 0
    assert shown.endswith(f"[{'#' * 30}] 300 of 300 leaves\r\n")
