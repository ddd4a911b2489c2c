"""Who sees what of a petition: texts, tombstones, names, counts, receipts, log files."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from maninso.charter import Charter
from maninso.ledger.merkle import hash_leaf
from maninso.ledger.proof import Receipt
from maninso.petitions.access import (
    CountView,
    DebateCount,
    LedgerView,
    PetitionView,
    find_count,
    find_petition,
    log_key,
    read_log_file,
    read_receipt,
)
from maninso.petitions.access.build import summarise
from maninso.petitions.lifecycle import (
    Reason,
    close_petition,
    open_made_up_petition,
    pass_to_moderation,
    reject_petition,
    remove_petition,
    submit_petition,
    withdraw_petition,
)
from maninso.petitions.models import Petition
from maninso.signing.keys import LogKey

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
TITLE = "A crossing in front of the library"


def see(petition_id: int, now: dt.datetime) -> PetitionView:
    view = find_petition(petition_id, now=now)
    assert view is not None
    return view


def test_an_open_petition_shows_everything(
    opened: Callable[..., int],
    sign: Callable[..., None],
    void: Callable[[int, int], None],
    sequence: Callable[[dt.datetime], None],
    now: dt.datetime,
) -> None:
    petition_id = opened()
    sign(petition_id, "Ada", "Bo", region=1)
    sign(petition_id, "Cy", region=2)
    sign(petition_id, "Di", region=0)
    void(petition_id, 1)
    sequence(now + DAY)
    view = see(petition_id, now + DAY)
    assert (view.state, view.takes_signatures, view.title, view.body[:4]) == ("open", True, TITLE, "Cars")
    assert (view.charter_id, view.charter_title["en"], view.institution["en"], view.time_zone) == (
        "town",
        "Town petitions",
        "Town hall",
        "Asia/Seoul",
    )
    assert (view.count, view.count_is_reported, view.source, view.would_owe) == (3, False, "", ())
    assert view.signatures_by_region == {"KR-11": 1, "KR-26": 1}
    assert isinstance(view.ledger, LedgerView)
    assert (view.ledger.origin, view.ledger.signatures, view.ledger.voids, view.ledger.reinstated) == (
        f"petitions.example.org/p/{petition_id}/log",
        4,
        1,
        0,
    )
    assert (view.ledger.published_at, view.updated_at) == (now + DAY, now + DAY)
    assert [(each.threshold_id, each.label["en"], each.needed, each.met) for each in view.thresholds] == [
        ("answer", "Answer", 3, True),
        ("debate", "Debate", 5, False),
    ]


def test_a_threshold_once_met_stays_met(
    opened: Callable[..., int],
    sign: Callable[..., None],
    void: Callable[[int, int], None],
    sequence: Callable[[dt.datetime], None],
    now: dt.datetime,
) -> None:
    petition_id = opened()
    sign(petition_id, "Ada", "Bo", "Cy")
    sequence(now)
    void(petition_id, 1)
    sequence(now + DAY)
    view = see(petition_id, now + DAY)
    assert (view.count, view.thresholds[0].met, view.thresholds[0].met_at) == (2, True, now)


def test_before_the_first_checkpoint_the_count_is_nought(opened: Callable[..., int], now: dt.datetime) -> None:
    view = see(opened(), now)
    assert (view.count, view.count_is_reported, view.ledger) == (0, False, None)
    assert find_count(view.petition_id) == CountView(
        count=0,
        reached_at=None,
        answered_at=None,
        debate=DebateCount(reached_at=None, settled_at=None, debated=False),
    )


def test_a_draft_is_nobodys_business(draft: Callable[..., int], now: dt.datetime) -> None:
    petition_id = draft()
    assert find_petition(petition_id, now=now) is None
    assert find_count(petition_id) is None


@pytest.mark.parametrize("number", [0, -1, 4711, 2**63, 10**30])
def test_an_unknown_number_finds_nothing(number: int, now: dt.datetime) -> None:
    assert find_petition(number, now=now) is None
    assert find_count(number) is None
    assert read_log_file(number, "checkpoint") is None
    assert read_receipt(number, bytes(32)) is None


def test_a_text_is_not_public_before_it_was_checked(
    draft: Callable[..., int], make_charter: Callable[..., Charter], now: dt.datetime
) -> None:
    sponsored = '[sponsors]\ncount = 2\nconfidence = "confirmed"\nsource = "bylaw"\n'
    petition_id = draft(charter=make_charter(added=sponsored))
    submit_petition(petition_id, now=now)
    for state in ("gathering", "moderation"):
        view = see(petition_id, now)
        assert (view.state, view.title, view.body, view.creator_name) == (state, "", "", "")
        if state == "gathering":
            pass_to_moderation(petition_id, now=now)


def test_a_rejected_petition_is_found_with_its_reason(submitted: Callable[..., int], now: dt.datetime) -> None:
    petition_id = submitted()
    reject_petition(petition_id, reason=Reason(code="duplicate", note="See petition 1."), now=now)
    view = see(petition_id, now)
    assert (view.state, view.title, view.creator_name) == ("rejected", TITLE, "")
    assert (view.reason_code, view.reason, view.reason_note) == (
        "duplicate",
        {"ko": "이미 있는 청원", "en": "There is one already"},
        "See petition 1.",
    )


def test_a_hidden_petition_is_a_tombstone(submitted: Callable[..., int], now: dt.datetime) -> None:
    petition_id = submitted()
    reject_petition(petition_id, reason=Reason(code="personal-data"), now=now)
    view = see(petition_id, now)
    assert (view.state, view.title, view.body, view.reason["en"]) == ("hidden", "", "", "Personal data")


def test_a_removed_petition_is_a_tombstone_with_its_count(
    opened: Callable[..., int],
    sign: Callable[..., None],
    sequence: Callable[[dt.datetime], None],
    now: dt.datetime,
) -> None:
    petition_id = opened()
    sign(petition_id, "Ada")
    sequence(now)
    remove_petition(petition_id, reason=Reason(code="personal-data"), now=now)
    view = see(petition_id, now)
    assert (view.state, view.title, view.body, view.creator_name) == ("removed", "", "", "")
    assert (view.count, view.reason["ko"], view.takes_signatures) == (1, "개인정보", False)
    assert read_log_file(petition_id, "checkpoint") is not None


def test_a_withdrawn_petition_keeps_its_text_only_if_it_was_open(
    submitted: Callable[..., int], opened: Callable[..., int], now: dt.datetime
) -> None:
    never_open, was_open = submitted(), opened()
    for petition_id, title in ((never_open, ""), (was_open, TITLE)):
        withdraw_petition(petition_id, now=now + DAY)
        view = see(petition_id, now + DAY)
        assert (view.state, view.title, view.reason["en"]) == ("withdrawn", title, "The petitioner withdrew it.")


@pytest.mark.parametrize(
    ("rule", "while_open", "once_closed"),
    [("never", "", ""), ("while open", "Han Sol", ""), ("always", "Han Sol", "Han Sol")],
)
def test_the_creators_name_is_shown_as_the_charter_says(
    rule: str,
    while_open: str,
    once_closed: str,
    opened: Callable[..., int],
    submitted: Callable[..., int],
    make_charter: Callable[..., Charter],
    now: dt.datetime,
) -> None:
    charter = make_charter('creator_name = "while open"', f'creator_name = "{rule}"')
    petition_id, rejected = opened(charter=charter), submitted(charter=charter)
    assert see(petition_id, now).creator_name == while_open
    close_petition(petition_id, now=now + DAY)
    assert see(petition_id, now + DAY).creator_name == once_closed
    reject_petition(rejected, reason=Reason(code="duplicate"), now=now)
    assert see(rejected, now).creator_name == ""


def test_regional_quorums_are_measured(
    sign: Callable[..., None], sequence: Callable[[dt.datetime], None], now: dt.datetime
) -> None:
    petition_id = open_made_up_petition(charter="eu-eci", title="More benches", body="At the stops.", now=now)
    sign(petition_id, "Ada", "Bo")
    sequence(now)
    (threshold,) = see(petition_id, now).thresholds
    assert (threshold.met, threshold.needed, threshold.regions_met, threshold.regions_needed) == (
        False,
        1_000_000,
        0,
        7,
    )


def test_a_receipt_is_there_as_soon_as_a_checkpoint_covers_its_leaf(
    opened: Callable[..., int],
    sign: Callable[..., None],
    sequence: Callable[[dt.datetime], None],
    log_entries: Callable[[int], list[bytes]],
    now: dt.datetime,
) -> None:
    petition_id = opened()
    sign(petition_id, "Ada")
    entry = log_entries(petition_id)[1]
    receipt = read_receipt(petition_id, hash_leaf(entry))
    assert receipt is not None
    assert (receipt.leaf_index, receipt.proof, receipt.petition_title) == (1, None, TITLE)
    sequence(now)
    receipt = read_receipt(petition_id, hash_leaf(entry))
    assert receipt is not None
    assert receipt.proof is not None
    assert (Receipt.parse(receipt.proof).entry, Receipt.parse(receipt.proof).index) == (entry, 1)
    assert read_receipt(petition_id, bytes(32)) is None


def test_log_files_are_read_by_their_path(
    opened: Callable[..., int], sequence: Callable[[dt.datetime], None], now: dt.datetime
) -> None:
    petition_id = opened()
    assert read_log_file(petition_id, "checkpoint") is None
    sequence(now)
    checkpoint, tile = read_log_file(petition_id, "checkpoint"), read_log_file(petition_id, "tile/0/000.p/1")
    assert checkpoint is not None
    assert tile is not None
    assert checkpoint.body.startswith(f"petitions.example.org/p/{petition_id}/log\n1\n".encode())
    assert (len(tile.body), tile.immutable, checkpoint.immutable) == (32, True, False)
    assert read_log_file(petition_id, "tile/0/000.p/2") is None
    assert read_log_file(petition_id, "../key") is None


def test_the_logs_key_has_the_logs_name(
    opened: Callable[..., int], sequence: Callable[[dt.datetime], None], now: dt.datetime
) -> None:
    petition_id = opened()
    assert log_key(petition_id) is None
    sequence(now)
    origin = f"petitions.example.org/p/{petition_id}/log"
    assert log_key(petition_id) == LogKey(bytes(range(32))).sign_as(origin).verifier.render()


def test_a_summary_is_one_line_cut_at_a_space() -> None:
    assert summarise(" one\n\ntwo\tthree ") == "one two three"
    assert summarise("word " * 40) == "word " * 31 + "word…"
    assert summarise("가" * 200) == "가" * 159 + "…"
    assert summarise("x" * 160) == "x" * 160


@pytest.mark.parametrize("obligations", [0, 1])
def test_a_page_asks_the_same_few_questions(
    obligations: int,
    met: Callable[..., int],
    opened: Callable[..., int],
    now: dt.datetime,
    django_assert_num_queries: Any,
) -> None:
    if obligations:
        met()
    else:
        opened()
    petition_id = Petition.objects.get().pk
    see(petition_id, now)  # the charter is parsed once a process
    # Bills are asked for always; extensions, days that moved and answers where there is an obligation.
    with django_assert_num_queries(7 + 3 * obligations):
        see(petition_id, now)
