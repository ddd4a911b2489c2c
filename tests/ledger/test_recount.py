"""The recount: what counts, and every rule of the log that an operator could break."""

from hashlib import sha256

import pytest

from maninso.ledger.entries import Event, Reinstate, Sign, Void
from maninso.ledger.recount import MAX_PROBLEMS, Recount

DECISION = sha256(b"the public decision").digest()
ORIGIN = "petitions.example/p/7/log"


def sign(person, *, method=0, region=0, bucket=0):
    return Sign(method, region, bucket, sha256(f"person {person}".encode()).digest()[:16], b"e" * 32)


def void(target):
    return Void(3, 0, target, DECISION)


def reinstate(target):
    return Reinstate(6, 0, target, DECISION)


def threshold(needed, count, leaf, **quorum):
    return Event("threshold", {"threshold": "answer", "needed": needed, "count": count, "leaf": leaf, **quorum})


def tally(entries):
    recount = Recount(ORIGIN)
    for start in range(0, len(entries), 256):
        recount.add_entries(start, entries[start : start + 256])
    return recount.finish(), recount


def reasons(log):
    _, recount = tally(log.entries)
    return [problem.reason.value for problem in recount.problems]


@pytest.fixture
def log(make_log):
    """A log whose only entry is the first."""
    return make_log().begin()


def test_the_count_is_signatures_less_voids_plus_reinstatements(log):
    log.add(sign(1), sign(2), sign(3), void(2), void(3), reinstate(4))
    counted, recount = tally(log.entries)
    assert (counted.count, counted.signatures, counted.voids, counted.reinstated) == (2, 3, 2, 1)
    assert [recount.is_counted(leaf) for leaf in range(9)] == [False, True, True, False, *[False] * 5]
    assert recount.problems == []


def test_each_breakdown_adds_up_to_the_count(log):
    log.add(
        sign(1, method=0, region=1, bucket=0),
        sign(2, method=3, region=1, bucket=10),
        sign(3, method=3, region=0, bucket=11),
        sign(4, method=2, region=2, bucket=65_535),
        void(3),
    )
    counted, recount = tally(log.entries)
    assert counted.by_region == {"KR-11": 2, "KR-26": 1}
    assert counted.by_day == {"2023-11-14": 2, "2025-02-12": 1}
    assert counted.by_assurance == {"0": 1, "2": 1, "3": 1}
    assert recount.problems == []


def test_a_void_removes_from_the_day_of_signing(log):
    log.add(sign(1, bucket=200), Void(1, 300, 1, DECISION))
    counted, _ = tally(log.entries)
    assert (counted.count, counted.by_day, counted.by_region) == (0, {}, {})


def test_entries_of_later_kinds_do_not_count(log):
    log.entries.append(b"\x09whatever")
    counted, recount = tally(log.entries)
    assert (counted.count, counted.unknown, recount.problems) == (0, 1, [])


def test_a_region_without_a_name_is_wrong(log):
    assert reasons(log.add(sign(1, region=3))) == ["unknown-region"]
    assert tally(log.entries)[0].by_region == {"#3": 1}


def test_the_highest_region_and_bucket_are_told_from_other_entries(log):
    log.add(sign(1, region=65_535, bucket=65_535), void(1), reinstate(2))
    assert tally(log.entries)[0].by_region == {"#65535": 1}


def test_a_log_begins_once_at_leaf_0(make_log, log):
    assert reasons(make_log()) == []
    assert reasons(make_log().add(sign(1))) == ["missing-genesis"]
    assert reasons(log.begin()) == ["misplaced-genesis"]
    assert reasons(make_log("petitions.example/p/8/log").begin()) == ["other-log"]


def test_a_malformed_entry_is_wrong_and_does_not_count(log):
    log.entries += [b"", b"\x01short", sign(1).render()[:1] + b"\x04" + sign(1).render()[2:], b"\x04[]"]
    counted, recount = tally(log.entries)
    assert counted.count == 0
    assert [problem.reason.value for problem in recount.problems] == ["malformed-entry"] * 4
    assert recount.problems[0].message.startswith("Leaf 1: ")


def test_one_person_may_not_count_twice(log):
    assert reasons(log.add(sign(1), sign(2), sign(1))) == ["duplicated-nullifier"]


def test_one_person_may_sign_anew_after_a_void(log):
    assert reasons(log.add(sign(1), void(1), sign(1))) == []


def test_undoing_the_void_of_one_who_signed_anew_is_wrong(log):
    assert reasons(log.add(sign(1), void(1), sign(1), reinstate(2))) == ["duplicated-nullifier"]


def test_a_person_counted_twice_for_a_while_is_found(log):
    assert reasons(log.add(sign(1), sign(1), void(1))) == ["duplicated-nullifier"]
    message = tally(log.entries)[1].problems[0].message
    assert message == "The signatures at leaves 1, 2 are one person's; from leaf 2 on, more than one counts."


def test_duplicates_are_found_across_bundles(log):
    log.add(*(sign(person) for person in range(1_000)), sign(0), sign(999))
    assert reasons(log) == ["duplicated-nullifier"] * 2


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([sign(1), void(1), void(2)], "void-of-void"),
        ([sign(1), void(1), void(1)], "void-twice"),
        ([void(0)], "void-of-nothing"),
        ([void(1)], "void-of-nothing"),
        ([void(2), sign(1)], "void-of-nothing"),
        ([void(2**40)], "void-of-nothing"),
        ([sign(1), void(1), reinstate(2), void(3)], "void-of-nothing"),
        ([sign(1), reinstate(1)], "reinstate-of-nothing"),
        ([sign(1), reinstate(3), void(1)], "reinstate-of-nothing"),
        ([sign(1), void(1), reinstate(2), reinstate(2)], "reinstate-of-nothing"),
        ([sign(1), void(1), reinstate(2), void(1), reinstate(2)], "reinstate-of-nothing"),
        ([Event("closed", {"at": 5, "count": 1})], "false-event"),
        ([Event("key destroyed", {"at": 5, "key": "0" * 64})], "false-event"),
        ([sign(1), threshold(2, 2, 1)], "false-event"),
    ],
)
def test_a_broken_rule_is_told(log, entries, reason):
    assert reasons(log.add(*entries)) == [reason]


def test_an_unrightful_void_or_its_undoing_does_not_count(log):
    log.add(sign(1), void(1), void(1), reinstate(3), reinstate(2))
    counted, recount = tally(log.entries)
    assert (counted.count, counted.voids, counted.reinstated) == (1, 1, 1)
    assert [problem.reason.value for problem in recount.problems] == ["void-twice", "reinstate-of-nothing"]


def test_a_signature_may_be_voided_again_after_it_was_reinstated(log):
    log.add(sign(1), void(1), reinstate(2), void(1), reinstate(4))
    counted, recount = tally(log.entries)
    assert (counted.count, counted.voids, counted.reinstated, recount.problems) == (1, 2, 2, [])


def test_true_events_pass(log):
    log.add(sign(1), Event("closed", {"at": 5, "count": 1}), Event("notice", {"anything": [1]}))
    log.add(Event("key destroyed", {"at": 5, "key": sha256(b"key").hexdigest()}))
    assert reasons(log) == []


def test_a_threshold_is_met_where_the_count_first_reaches_it(log):
    log.add(sign(1), sign(2), void(1), sign(3), void(2), sign(4), sign(5), threshold(3, 3, 7))
    counted, recount = tally(log.entries)
    assert recount.problems == []
    assert [(check.leaf, check.event, check.ok) for check in counted.thresholds] == [(7, 8, True)]


def test_a_reinstatement_may_meet_a_threshold(log):
    log.add(sign(1), sign(2), void(1), sign(3), reinstate(3), threshold(3, 3, 5))
    assert reasons(log) == []


@pytest.mark.parametrize(
    ("claim", "truth"),
    [
        ((2, 2, 1), "leaf 2 did, with 2"),
        ((2, 2, 3), "leaf 2 did, with 2"),
        ((2, 3, 2), "leaf 2 did, with 2"),
        ((4, 4, 3), "no leaf did"),
    ],
)
def test_a_false_claim_on_a_threshold_is_told(log, claim, truth):
    log.add(sign(1), sign(2), sign(3), threshold(*claim))
    counted, recount = tally(log.entries)
    assert [problem.reason.value for problem in recount.problems] == ["false-event"]
    assert recount.problems[0].message.endswith(f"; {truth}.")
    assert [check.ok for check in counted.thresholds] == [False]


def undone(needed, count, leaf, **quorum):
    return Event("threshold undone", {**threshold(needed, count, leaf).body, **quorum})


def test_a_threshold_is_undone_by_voids_and_met_again(log):
    log.add(sign(1), sign(2), threshold(2, 2, 2), void(1), undone(2, 1, 4))
    log.add(sign(3), threshold(2, 2, 6), void(2), undone(2, 1, 8), sign(4), threshold(2, 2, 10))
    counted, recount = tally(log.entries)
    assert recount.problems == []
    assert [(check.leaf, check.met, check.ok) for check in counted.thresholds] == [
        (2, True, True),
        (4, False, True),
        (6, True, True),
        (8, False, True),
        (10, True, True),
    ]


@pytest.mark.parametrize(
    ("claim", "truth"),
    [
        (undone(2, 1, 5), "leaf 4 did, with 1"),
        (undone(2, 0, 4), "leaf 4 did, with 1"),
        (undone(1, 0, 4), "leaf 5 did, with 0"),
        (threshold(2, 2, 4), "leaf 2 did, with 2"),
    ],
)
def test_a_false_claim_that_a_threshold_was_undone_is_told(log, claim, truth):
    log.add(sign(1), sign(2), threshold(2, 2, 2), void(1), void(2), claim)
    _, recount = tally(log.entries)
    assert [problem.reason.value for problem in recount.problems] == ["false-event"]
    assert recount.problems[0].message.endswith(f"; {truth}.")


def test_what_was_never_met_is_not_undone(log):
    log.add(sign(1), sign(2), void(1), undone(2, 1, 3))
    counted, recount = tally(log.entries)
    assert [check.ok for check in counted.thresholds] == [False]
    assert recount.problems[0].message.endswith("; no leaf did.")


def test_a_threshold_met_again_is_counted_from_its_undoing(log):
    log.add(sign(1), sign(2), threshold(2, 2, 2), void(1), undone(2, 1, 4), threshold(2, 2, 2))
    assert reasons(log) == ["false-event"]


def test_a_quorum_is_undone_where_a_region_falls_below_its_minimum(log):
    quorum = {"regions": {"KR-11": 1, "KR-26": 1}, "regions_needed": 2}
    log.add(sign(1, region=1), sign(2, region=2), sign(3, region=1))
    log.add(Event("threshold", {**threshold(2, 2, 2).body, **quorum}), void(2), undone(2, 2, 5, **quorum))
    assert reasons(log) == []


def test_a_threshold_event_comes_after_the_leaf_that_met_it(log):
    assert reasons(log.add(sign(1), threshold(2, 2, 3), sign(2))) == ["false-event"]


def test_a_quorum_of_regions_is_recounted(log):
    quorum = {"regions": {"KR-11": 2, "KR-26": 1}, "regions_needed": 2}
    log.add(sign(1, region=1), sign(2, region=1), sign(3), sign(4, region=2), threshold(2, 4, 4, **quorum))
    assert reasons(log) == []
    assert reasons(log.add(threshold(2, 2, 2, **quorum))) == ["false-event"]


def test_a_region_may_fall_below_its_minimum_again(log):
    quorum = {"regions": {"KR-11": 1, "KR-26": 1, "elsewhere": 1}, "regions_needed": 2}
    log.add(sign(1, region=1), void(1), sign(2, region=2), sign(3, region=1), threshold(1, 2, 4, **quorum))
    assert reasons(log) == []


def test_a_multitude_of_problems_is_cut_short(log):
    log.entries += [b""] * (MAX_PROBLEMS + 5)
    assert len(reasons(log)) == MAX_PROBLEMS
