"""The whole check of a log in a folder: an honest one passes, and each way to cheat has its own reason."""

import shutil
from hashlib import sha256

import pytest

from maninso import UnreadableError, UsageError
from maninso.ledger.canonical import encode_base64
from maninso.ledger.checkpoint import Checkpoint, peek_checkpoint, sign_checkpoint
from maninso.ledger.entries import Event, Reinstate, Sign, Void
from maninso.ledger.merkle import hash_leaves
from maninso.ledger.note import SignerKey, VerifierKey
from maninso.ledger.tiles import pack_bundle, unpack_bundle
from maninso.ledger.verify import save_checkpoint, verify_log

DECISION = b"d" * 32


def check(log, **options):
    return verify_log(str(log.folder), **{"keys": [log.signer.verifier], **options})


def reasons(report):
    return [problem.reason.value for problem in report.problems]


def keep(log, name, data):
    path = log.folder.parent / name
    path.write_bytes(data)
    return path


def edit_bundle(log, path, width, edit):
    entries = unpack_bundle(log.read(path), width)
    edit(entries)
    log.write(path, pack_bundle(entries))
    return entries


def flip(log, path, place=0):
    data = bytearray(log.read(path))
    data[place] ^= 1
    log.write(path, bytes(data))


def test_an_honest_log_passes(log):
    log.publish()
    report = check(log)
    answer = report.to_json()
    assert report.ok
    assert answer["problems"] == answer["warnings"] == answer["receipts"] == answer["old"] == answer["thresholds"] == []
    assert (answer["size"], answer["count"], answer["signatures"], answer["voids"], answer["reinstated"]) == (
        300,
        299,
        299,
        0,
        0,
    )
    assert answer["origin"] == log.origin
    assert answer["root"] == encode_base64(peek_checkpoint(log.checkpoint()).root)
    assert answer["key"] == log.vkey
    assert answer["key_source"] == "given"
    assert answer["by_region"] == {"": 99, "KR-11": 100, "KR-26": 100}
    assert answer["by_assurance"] == {"0": 74, "1": 75, "2": 75, "3": 75}
    assert sum(answer["by_day"].values()) == 299


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 512, 513])
def test_an_honest_log_of_any_size_passes(make_log, size):
    log = make_log().begin().sign(*range(1, size))
    log.publish()
    done = []
    report = check(log, progress=lambda leaves, of: done.append((leaves, of)))
    assert report.ok
    assert report.tally.count == size - 1
    assert done[-1] == (size, size)
    assert len(done) == -(-size // 256)


def test_an_empty_log_passes(make_log):
    log = make_log()
    log.publish()
    report = check(log, old=[keep(log, "old", log.checkpoint())])
    assert (report.ok, report.tally.count, report.olds) == (True, 0, [0])


def test_the_example_log_passes(examples):
    report = verify_log(str(examples), keys=[VerifierKey.parse((examples / "vkey").read_text().strip())])
    assert (report.ok, report.tally.count, report.tally.voids) == (True, 2, 1)


def test_a_log_with_everything_in_it_passes(log):
    log.add(
        Void(1, 5, 10, DECISION),
        Reinstate(6, 6, 300, DECISION),
        Event("threshold", {"threshold": "answer", "needed": 200, "count": 200, "leaf": 200}),
        Event("closed", {"at": 1_702_592_000, "count": 299}),
    )
    log.publish()
    report = check(log)
    assert report.ok
    assert report.to_json()["thresholds"] == [
        {"threshold": "answer", "needed": 200, "count": 200, "leaf": 200, "met": True, "ok": True}
    ]


@pytest.mark.parametrize(("path", "width", "leaf"), [("tile/entries/000", 256, 9), ("tile/entries/001.p/44", 44, 260)])
def test_a_changed_entry_is_told(log, path, width, leaf):
    log.publish()
    another = Sign(0, 0, 0, b"n" * 16, b"e" * 32).render()
    edit_bundle(log, path, width, lambda entries: entries.__setitem__(leaf % 256, another))
    report = check(log)
    assert reasons(report) == ["changed-entry"]
    assert report.problems[0].message == f"The entry of leaf {leaf} is not the one that was signed."


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"])
def test_a_changed_tile_is_told(log, path):
    log.publish()
    flip(log, path, 7)
    report = check(log)
    assert reasons(report) == ["changed-tile"]
    assert report.problems[0].message == f"{path} is not what the log's signed entries make."
    assert report.tally.count == 299


def test_a_shortened_tile_is_told(log):
    log.publish()
    log.write("tile/0/001.p/44", log.read("tile/0/001.p/44")[:-32])
    assert reasons(check(log)) == ["changed-tile"]


def test_a_leaf_that_is_dropped_from_its_bundle_is_told(log):
    log.publish()
    edit_bundle(log, "tile/entries/000", 256, lambda entries: entries.pop(100))
    report = check(log)
    assert reasons(report) == ["dropped-leaf"]
    assert report.problems[0].message.endswith("It departs from the log at leaf 100.")
    assert report.to_json()["count"] is None


def test_a_leaf_that_is_dropped_from_the_whole_log_is_told_by_its_receipt(log):
    receipts = [
        keep(log, "kept", log.receipt(5)),
        keep(log, "lost", log.receipt(100)),
        keep(log, "end", log.receipt(299)),
    ]
    old = keep(log, "old", log.checkpoint(200))
    del log.entries[100]
    log.publish()
    report = check(log, receipts=receipts, old=[old])
    assert [receipt.problem.reason.value for receipt in report.receipts] == ["shrunk", "dropped-leaf", "dropped-leaf"]
    assert reasons(report) == ["fork", "shrunk", "dropped-leaf", "dropped-leaf"]


def test_a_truncated_bundle_is_told(log):
    log.publish()
    log.write("tile/entries/001.p/44", log.read("tile/entries/001.p/44")[:-7])
    report = check(log)
    assert reasons(report) == ["truncated-bundle"]
    assert report.problems[0].message.endswith("It departs from the log at leaf 299.")


def test_a_continued_bundle_is_told(log):
    log.publish()
    log.write("tile/entries/000", log.read("tile/entries/000") + b"\x00\x00")
    assert reasons(check(log)) == ["malformed-bundle"]


def test_a_broken_file_of_another_length_is_told(log):
    log.publish()
    log.write("tile/0/000", log.read("tile/0/000") * 2)
    assert reasons(check(log)) == ["oversized"]


def test_a_duplicated_nullifier_is_told(log):
    log.sign(7).publish()
    assert reasons(check(log)) == ["duplicated-nullifier"]


def test_a_void_of_a_void_is_told(log):
    log.add(Void(1, 0, 10, DECISION), Void(1, 0, 300, DECISION)).publish()
    assert reasons(check(log)) == ["void-of-void"]


def test_a_false_threshold_is_told(log):
    log.add(Event("threshold", {"threshold": "answer", "needed": 200, "count": 200, "leaf": 201})).publish()
    assert reasons(check(log)) == ["false-event"]


def test_another_logs_first_entry_is_told(make_log):
    log = make_log().begin(origin="petitions.example/p/8/log")
    log.publish()
    assert reasons(check(log)) == ["other-log"]


def test_a_forged_tile_with_its_forged_entries_is_told(log):
    log.publish()
    forged = [Sign(0, 0, 0, sha256(b"made up %d" % n).digest()[:16], b"e" * 32).render() for n in range(255)]
    entries = edit_bundle(log, "tile/entries/000", 256, lambda entries: entries.__setitem__(slice(1, 256), forged))
    log.write("tile/0/000", b"".join(hash_leaves(entries)))
    report = check(log)
    assert reasons(report) == ["forged-tile"]
    assert report.problems[0].message.startswith("tile/0/000 does not belong to the signed root.")


def test_a_forged_end_of_the_log_does_not_make_the_root(log):
    log.publish()
    entries = edit_bundle(log, "tile/entries/001.p/44", 44, lambda entries: entries.reverse())
    log.write("tile/0/001.p/44", b"".join(hash_leaves(entries)))
    assert reasons(check(log)) == ["wrong-root"]


def test_a_signed_root_that_the_entries_do_not_make_is_told(log):
    log.publish()
    log.write("checkpoint", sign_checkpoint(Checkpoint(log.origin, 300, b"r" * 32), log.signer))
    assert reasons(check(log)) == ["wrong-root"]


def test_the_upper_tiles_of_a_large_log_are_checked(make_log):
    log = make_log().begin()
    log.sign(*range(1, 66_311))
    log.publish()
    assert check(log).ok

    flip(log, "tile/1/000", 5 * 32)
    assert reasons(check(log)) == ["changed-tile"]
    flip(log, "tile/1/000", 5 * 32)

    honest_bundle, honest_tile = log.read("tile/entries/000"), log.read("tile/0/000")
    entries = edit_bundle(log, "tile/entries/000", 256, lambda entries: entries.reverse())
    log.write("tile/0/000", b"".join(hash_leaves(entries)))
    assert reasons(check(log))[-1] == "forged-tile"
    log.write("tile/0/000", honest_tile)
    assert reasons(check(log))[-1] == "changed-entry"
    log.write("tile/entries/000", honest_bundle)

    edit_bundle(log, "tile/entries/007", 256, lambda entries: entries.reverse())
    flip(log, "tile/2/000.p/1")
    assert reasons(check(log)) == ["wrong-root"]


def test_another_key_is_told(make_log, log):
    log.publish()
    other = SignerKey(log.origin, b"t" * 32)
    report = check(log, keys=[other.verifier])
    assert reasons(report) == ["wrong-key"]
    assert (report.checkpoint, report.tally) == (None, None)
    assert report.to_json()["root"] is None


def test_the_key_of_another_log_is_told(log):
    log.publish()
    assert reasons(check(log, keys=[SignerKey("petitions.example/p/8/log", b"s" * 32).verifier])) == ["other-log"]


def test_a_checkpoint_whose_signature_fails_is_told(log):
    log.publish()
    log.write("checkpoint", log.checkpoint().replace(b"\n300\n", b"\n301\n"))
    assert reasons(check(log)) == ["bad-signature"]


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "malformed-note"), (b"a\n1\n\n\xe2\x80\x94 a AAAAAAA=\n", "malformed-checkpoint")]
)
def test_a_malformed_checkpoint_is_told(log, data, reason):
    log.publish()
    log.write("checkpoint", data)
    assert reasons(check(log)) == [reason]


def test_a_key_from_the_same_place_is_warned_of(log):
    log.publish()
    report = check(log, keys=[])
    assert report.ok
    assert report.key_source == "folder"
    assert report.warnings[0].startswith("THE KEY CAME FROM THE SAME PLACE AS THE LOG")
    assert "WARNING: THE KEY CAME" in report.render()


def test_a_malformed_published_key_is_told(log):
    log.publish()
    for data in (b"not a key\n", b"\xff", log.vkey.encode() + b"\n\n"):
        log.write("key", data)
        assert reasons(check(log, keys=[])) == ["malformed-key"]


def test_a_log_continues_the_checkpoints_seen_before(log):
    olds = [keep(log, f"old{size}", log.checkpoint(size)) for size in (0, 1, 255, 256, 257, 299, 300)]
    log.publish()
    report = check(log, old=olds)
    assert report.ok
    assert report.olds == [0, 1, 255, 256, 257, 299, 300]


@pytest.mark.parametrize("size", [1, 200, 256, 299, 300])
def test_a_fork_is_told(make_log, log, size):
    log.publish()
    other = make_log().begin(opened=1_600_000_000).sign(*range(1, 300))
    report = check(log, old=[keep(log, "old", other.checkpoint(size))])
    assert reasons(report) == ["fork"]
    assert report.olds == []


def test_a_fork_is_told_from_changed_entries(make_log, log):
    log.publish()
    edit_bundle(log, "tile/entries/000", 256, lambda entries: entries.__setitem__(9, entries[10]))
    mine = keep(log, "mine", log.checkpoint(200))
    report = check(log, old=[mine])
    assert reasons(report) == ["duplicated-nullifier", "changed-entry"]
    assert report.olds == [200]
    other = make_log().begin(opened=1_600_000_000).sign(*range(1, 300))
    report = check(log, old=[mine, keep(log, "theirs", other.checkpoint(200))])
    assert reasons(report) == ["duplicated-nullifier", "changed-entry", "fork"]


def test_a_fork_is_told_even_if_tiles_are_changed_too(make_log, log):
    log.publish()
    flip(log, "tile/1/000.p/1")
    other = make_log().begin(opened=1_600_000_000).sign(*range(1, 300))
    assert reasons(check(log, old=[keep(log, "old", other.checkpoint(200))])) == ["changed-tile", "fork"]


def test_a_log_too_false_to_tell_is_not_called_a_fork(log):
    log.publish()
    old, receipt = keep(log, "old", log.checkpoint(290)), keep(log, "receipt", log.receipt(5, size=290))
    entries = edit_bundle(log, "tile/entries/001.p/44", 44, lambda entries: entries.reverse())
    log.write("tile/0/001.p/44", b"".join(hash_leaves(entries)))
    report = check(log, old=[old], receipts=[receipt])
    assert reasons(report) == ["wrong-root", "wrong-root"]
    assert report.olds == []
    assert report.problems[1].message.startswith(f"The receipt {receipt}: ")


def test_a_receipt_holds_beside_changed_entries(log):
    log.publish()
    receipt = keep(log, "receipt", log.receipt(5, size=290))
    edit_bundle(log, "tile/entries/000", 256, lambda entries: entries.__setitem__(9, b"\x09"))
    report = check(log, receipts=[receipt])
    assert reasons(report) == ["changed-entry"]
    assert report.receipts[0].problem is None


def test_a_log_that_shrank_is_told(log):
    old = keep(log, "old", log.checkpoint())
    del log.entries[299]
    log.publish()
    assert reasons(check(log, old=[old])) == ["shrunk"]


def test_an_older_checkpoint_of_another_log_or_key_is_told(make_log, log):
    log.publish()
    other_log = keep(log, "a", make_log("petitions.example/p/8/log").begin().checkpoint())
    other_key = keep(log, "b", make_log(seed=b"t" * 32).begin().checkpoint())
    neither = keep(log, "c", b"no checkpoint")
    assert reasons(check(log, old=[other_log, other_key, neither])) == ["other-log", "wrong-key", "malformed-note"]


def test_receipts_say_whether_they_count(log):
    early, voided = keep(log, "early", log.receipt(5, size=20)), keep(log, "voided", log.receipt(10))
    log.add(Void(1, 0, 10, DECISION)).publish()
    report = check(log, receipts=[early, voided])
    assert report.ok
    assert report.to_json()["receipts"] == [
        {"file": str(early), "ok": True, "index": 5, "counted": True, "reason": None, "message": None},
        {"file": str(voided), "ok": True, "index": 10, "counted": False, "reason": None, "message": None},
    ]


def test_a_receipt_of_another_log_or_key_is_told(make_log, log):
    log.publish()
    other_log = keep(log, "a", make_log("petitions.example/p/8/log").begin().receipt(0))
    other_key = keep(log, "b", make_log(seed=b"t" * 32).begin().receipt(0))
    neither = keep(log, "c", b"no receipt")
    report = check(log, receipts=[other_log, other_key, neither])
    assert reasons(report) == ["other-log", "wrong-key", "malformed-receipt"]
    assert [receipt.problem.reason.value for receipt in report.receipts] == reasons(report)


def test_a_receipt_from_a_fork_is_told(make_log, log):
    log.publish()
    other = make_log().begin().sign(*range(1, 300))
    other.entries[200] = Sign(0, 0, 0, b"n" * 16, b"e" * 32).render()
    assert reasons(check(log, receipts=[keep(log, "r", other.receipt(5))])) == ["fork"]


def test_a_missing_file_leaves_the_count_unknown(log):
    for name in ("tile/entries/000", "tile/0/001.p/44", "tile/1/000.p/1", "checkpoint", "key"):
        log.publish()
        (log.folder / name).unlink()
        with pytest.raises(UnreadableError):
            check(log, keys=[])
        shutil.rmtree(log.folder)


def test_a_partial_tile_may_be_cut_from_the_full_one(make_log):
    log = make_log().begin().sign(*range(1, 512))
    log.publish()
    log.write("checkpoint", log.checkpoint(300))
    (log.folder / "tile/1/000.p/1").write_bytes(log.read("tile/1/000.p/2")[:32])
    report = check(log)
    assert report.ok
    assert report.tally.count == 299


def test_places_without_a_log_cannot_be_read(tmp_path):
    for target in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UnreadableError) as refusal:
            verify_log(str(target))
        assert refusal.value.cure


def test_files_that_cannot_be_read_and_no_jobs_are_refused(log):
    log.publish()
    with pytest.raises(UnreadableError):
        check(log, old=[log.folder / "nowhere"])
    with pytest.raises(UsageError):
        check(log, jobs=0)


def test_a_checkpoint_is_saved_only_of_a_log_that_holds(log):
    log.publish()
    place = log.folder.parent / "seen"
    save_checkpoint(check(log), place)
    assert place.read_bytes() == log.checkpoint()
    assert check(log, old=[place]).ok
    place.unlink()
    flip(log, "tile/0/000")
    save_checkpoint(check(log), place)
    assert not place.exists()
    flip(log, "tile/0/000")
    with pytest.raises(UsageError, match="could not be written"):
        save_checkpoint(check(log), log.folder.parent / "nowhere" / "seen")


@pytest.fixture
def site(make_log, tmp_path):
    """Two logs of one site in one folder, signed with one key."""
    logs = []
    for number in (7, 12):
        log = make_log(f"petitions.example/p/{number}/log", folder=tmp_path / "site" / "p" / str(number) / "log")
        log.begin().sign(*range(number)).publish()
        logs.append(log)
    return logs


def test_a_folder_of_several_logs_is_checked_with_the_sites_key(site, tmp_path):
    key = SignerKey("petitions.example/log", b"s" * 32).verifier
    receipt = keep(site[1], "receipt", site[1].receipt(3))
    report = verify_log(str(tmp_path / "site"), keys=[key], receipts=[receipt])
    assert report.ok
    assert [log.origin for log in report.logs] == [log.origin for log in site]
    assert [log.tally.count for log in report.logs] == [7, 12]
    assert [len(log.receipts) for log in report.logs] == [0, 1]
    assert [log["count"] for log in report.to_json()["logs"]] == [7, 12]
    assert report.render().endswith("All 2 logs hold.\n")
    assert verify_log(str(site[0].folder), keys=[key]).ok
    with pytest.raises(UsageError, match="saved for one"):
        save_checkpoint(report, tmp_path / "seen")


def test_one_bad_log_of_several_is_told(site, tmp_path):
    flip(site[1], "tile/0/000.p/13")
    report = verify_log(str(tmp_path / "site"), keys=[log.signer.verifier for log in site])
    assert [log.ok for log in report.logs] == [True, False]
    assert not report.ok
    assert report.render().endswith("1 of 2 logs do not hold.\n")


def test_one_logs_checkpoint_at_anothers_place_is_told(site, tmp_path):
    shutil.rmtree(site[1].folder)
    shutil.copytree(site[0].folder, site[1].folder)
    key = SignerKey("petitions.example/log", b"s" * 32).verifier
    report = verify_log(str(tmp_path / "site"), keys=[key])
    assert [reasons(log) for log in report.logs] == [[], ["other-log"]]


def test_a_kept_file_of_none_of_several_logs_is_bad_usage(site, make_log, tmp_path):
    other = keep(site[0], "old", make_log("petitions.example/p/8/log").begin().checkpoint())
    with pytest.raises(UsageError, match=r"petitions\.example/p/8/log, which is not in"):
        verify_log(str(tmp_path / "site"), old=[other])


def test_the_report_in_words(log):
    receipt = keep(log, "mine", log.receipt(5))
    old = keep(log, "old", log.checkpoint(20))
    log.entries.append(b"\x09later")
    log.add(Event("threshold", {"threshold": "answer", "needed": 200, "count": 200, "leaf": 200}))
    log.publish()
    lines = check(log, receipts=[receipt], old=[old]).render().splitlines()
    assert lines[0] == f"The log {log.origin}, read from {log.folder}."
    assert lines[1].startswith("Its signed checkpoint: 302 leaves, root ")
    assert lines[2] == "299 signatures, less 0 voided, plus 0 reinstated, make a count of 299."
    assert lines[3].startswith("1 entries are of kinds")
    assert lines[4] == (
        "By assurance: 0 (e-mail) 74, 1 (social log-in) 75, 2 (phone or real name) 75, 3 (national e-ID) 75."
    )
    assert lines[5] == "By region: not told 99, KR-11 100, KR-26 100."
    assert lines[6].startswith("By day (UTC): 2023-11-14 10, 2023-11-15 144, ")
    assert lines[7] == "The threshold answer of 200 was met by leaf 200, with 200."
    assert lines[-3:] == [
        "It continues the checkpoint of 20 leaves seen before.",
        f"The receipt {receipt} holds: it is leaf 5, and it counts.",
        "The count is right: 299.",
    ]


def test_the_report_with_a_strangers_receipt_in_words(make_log, log):
    receipt = keep(log, "theirs", make_log("petitions.example/p/8/log").begin().receipt(0))
    log.publish()
    lines = check(log, receipts=[receipt]).render().splitlines()
    assert lines[-3] == f"The receipt {receipt} does not hold."
    assert lines[-2].startswith("WRONG (other-log): The receipt ")
    assert lines[-1] == (
        "The count is right: 299. What was given to be held against it is not this log's, or is damaged."
    )


def test_a_long_table_is_cut_short_in_words(make_log):
    regions = ("", *(f"R-{number}" for number in range(50)))
    log = make_log().begin(regions=regions)
    for number in range(51):
        log.add(Sign(0, number, 0, sha256(b"%d" % number).digest()[:16], b"e" * 32))
    log.publish()
    line = next(line for line in check(log).render().splitlines() if line.startswith("By region"))
    assert line.endswith("and 11 more (--json lists all).")
