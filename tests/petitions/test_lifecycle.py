"""A petition's way, step by step, and everything beside it."""

import datetime as dt
import hashlib
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from maninso.charter import Charter, CharterError, load_preset
from maninso.identity.nullifier import commit_key, open_sealed_key
from maninso.ledger.entries import Event, Genesis
from maninso.petitions.lifecycle import (
    SYSTEM,
    TRANSITIONS,
    Actor,
    BlackoutError,
    Reason,
    ReasonError,
    RoleError,
    TextError,
    TransitionError,
    UnknownPetitionError,
    close_due_petitions,
    close_petition,
    draft_petition,
    hide_petition,
    open_made_up_petition,
    open_petition,
    pass_to_moderation,
    reject_petition,
    remove_petition,
    restore_petition,
    submit_petition,
    withdraw_petition,
)
from maninso.petitions.lifecycle.table import move
from maninso.petitions.models import CharterVersion, Obligation, Petition, StateChange
from maninso.petitions.models.petition import STATES
from maninso.signing.gate import GateError, cancel_gate, revive_gate

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
MODERATOR = Actor(role="moderator", name="mo@example.org")
SEOUL_MIDNIGHT_AFTER_30_DAYS = dt.datetime(2026, 4, 1, 15, tzinfo=dt.UTC)
"""30 days from 2 March end with 1 April, which is over in Seoul at 15:00 UTC."""


def read_gate(petition_id: int) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM signing_gate WHERE petition_id = %s", [petition_id])
        row = cursor.fetchone()
        return dict(zip([column.name for column in cursor.description], row, strict=True))


def changes_of(petition_id: int) -> list[tuple[str, ...]]:
    rows = StateChange.objects.filter(petition_id=petition_id).order_by("pk")
    return list(rows.values_list("old", "new", "role", "actor", "reason_code"))


def state_of(petition_id: int) -> str:
    return Petition.objects.get(pk=petition_id).state


def test_a_petition_without_sponsors_goes_straight_to_moderation(draft: Callable[..., int], now: dt.datetime) -> None:
    petition_id = draft()
    assert submit_petition(petition_id, now=now) == "moderation"
    gate = read_gate(petition_id)
    assert (gate["state"], gate["origin"]) == ("waiting", f"petitions.example.org/p/{petition_id}/log")
    assert changes_of(petition_id) == [("", "draft", "creator", "", ""), ("draft", "moderation", "creator", "", "")]


def test_a_petition_with_sponsors_gathers_them_first(
    draft: Callable[..., int], make_charter: Callable[..., Charter], now: dt.datetime
) -> None:
    sponsored = '[sponsors]\ncount = 2\nconfidence = "confirmed"\nsource = "bylaw"\n'
    petition_id = draft(charter=make_charter(added=sponsored))
    assert submit_petition(petition_id, now=now) == "gathering"
    pass_to_moderation(petition_id, now=now)
    assert state_of(petition_id) == "moderation"


def test_opening_pins_the_charter_and_the_text_and_opens_the_gate(
    submitted: Callable[..., int], log_entries: Callable[[int], list[bytes]], town: Charter, now: dt.datetime
) -> None:
    petition_id = submitted()
    assert open_petition(petition_id, now=now, actor=MODERATOR) == SEOUL_MIDNIGHT_AFTER_30_DAYS
    petition = Petition.objects.select_related("charter").get(pk=petition_id)
    text = f"{petition.title}\n\n{petition.body}".encode()
    assert petition.state == "open"
    assert bytes(petition.text_digest or b"") == hashlib.sha256(text).digest()
    assert (petition.opened_at, petition.closes_at) == (now, SEOUL_MIDNIGHT_AFTER_30_DAYS)
    assert (bytes(petition.charter.source), petition.needed) == (town.source, [3, 5])
    gate = read_gate(petition_id)
    assert {key: gate[key] for key in ("state", "opened_at", "closes_at", "bucket_seconds", "regions")} == {
        "state": "open",
        "opened_at": now,
        "closes_at": SEOUL_MIDNIGHT_AFTER_30_DAYS,
        "bucket_seconds": 600,
        "regions": ["", "KR-11", "KR-26"],
    }
    assert (gate["min_assurance"], gate["min_age"], gate["region_needed"]) == (1, 14, False)
    wrapping = settings.MANINSO_WRAPPING_KEY(petition_id)
    key = open_sealed_key(wrapping, petition_id=petition_id, sealed=bytes(gate["wrapped_key"]))
    assert [Genesis.parse(entry) for entry in log_entries(petition_id)] == [
        Genesis(
            origin=f"petitions.example.org/p/{petition_id}/log",
            rules=hashlib.sha256(town.source).hexdigest(),
            text=hashlib.sha256(text).hexdigest(),
            opened=int(now.timestamp()),
            bucket=600,
            regions=("", "KR-11", "KR-26"),
            key=commit_key(key).hex(),
        )
    ]
    assert changes_of(petition_id)[-1] == ("moderation", "open", "moderator", "mo@example.org", "")


def test_the_gate_gets_the_charters_thresholds(opened: Callable[..., int], town: Charter) -> None:
    petition_id = opened()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT threshold_id, rule::text, registered_on FROM signing_threshold WHERE petition_id = %s ORDER BY 1",
            [petition_id],
        )
        rows = cursor.fetchall()
    assert [(row[0], row[2]) for row in rows] == [("answer", dt.date(2026, 3, 2)), ("debate", dt.date(2026, 3, 2))]
    assert [type(town.thresholds[0]).model_validate_json(row[1]) for row in rows] == list(town.thresholds)


def test_a_later_charter_is_pinned_only_where_it_is_in_force_at_opening(
    submitted: Callable[..., int], make_charter: Callable[..., Charter], now: dt.datetime
) -> None:
    newer = make_charter("at_least = 3", "at_least = 2")
    first, second = submitted(), submitted()
    open_petition(first, now=now)
    open_petition(second, now=now, charter=newer)
    needed = dict(Petition.objects.values_list("pk", "needed"))
    assert (needed[first], needed[second]) == ([3, 5], [2, 5])
    assert CharterVersion.objects.count() == 2


def test_a_text_that_todays_charter_does_not_allow_is_not_opened(
    submitted: Callable[..., int], make_charter: Callable[..., Charter], now: dt.datetime
) -> None:
    petition_id = submitted()
    with pytest.raises(TextError, match="body: it has 99 characters, 50 are allowed"):
        open_petition(petition_id, now=now, charter=make_charter("body_max = 1000", "body_max = 50"))
    assert state_of(petition_id) == "moderation"


def test_nothing_opens_in_a_blackout(
    submitted: Callable[..., int], make_charter: Callable[..., Charter], now: dt.datetime
) -> None:
    election = (
        '[[blackouts]]\nsince = 2026-03-01\nuntil = 2026-03-10\nwhy = "election"\n'
        'confidence = "confirmed"\nsource = "bylaw"\n'
    )
    petition_id = submitted(charter=make_charter(added=election))
    with pytest.raises(BlackoutError, match="opens no petition from 2026-03-01 to 2026-03-10: election"):
        open_petition(petition_id, now=now)
    assert open_petition(petition_id, now=now + 9 * DAY) == SEOUL_MIDNIGHT_AFTER_30_DAYS + 9 * DAY


def test_the_petitioner_chooses_among_the_charters_lengths(now: dt.datetime) -> None:
    canada = load_preset("canada-commons")
    given: dict[str, Any] = {
        "charter": canada,
        "title": "Safer cycling",
        "body": "Lanes.",
        "language": "en",
        "now": now,
    }
    with pytest.raises(CharterError):
        draft_petition(**given)
    with pytest.raises(CharterError):
        draft_petition(**given, length="31 days")
    assert Petition.objects.count() == 0
    assert Petition.objects.get(pk=draft_petition(**given, length="60 days")).length == "60 days"


def test_closing_ends_the_log_with_the_count(
    opened: Callable[..., int],
    sign: Callable[..., None],
    void: Callable[[int, int], None],
    sequence: Callable[[dt.datetime], None],
    log_entries: Callable[[int], list[bytes]],
    now: dt.datetime,
) -> None:
    petition_id = opened()
    sign(petition_id, "Ada", "Bo")
    sequence(now)
    sign(petition_id, "Cy", "Di")
    void(petition_id, 2)
    close_petition(petition_id, now=now + DAY)
    assert Event.parse(log_entries(petition_id)[-1]) == Event(
        "closed", {"at": int((now + DAY).timestamp()), "count": 3}
    )
    gate = read_gate(petition_id)
    assert (gate["state"], gate["closes_at"]) == ("closed", now + DAY)
    petition = Petition.objects.get(pk=petition_id)
    assert (petition.state, petition.closed_at, petition.closes_at) == (
        "closed",
        now + DAY,
        SEOUL_MIDNIGHT_AFTER_30_DAYS,
    )


def test_due_petitions_are_closed_at_their_time_once(opened: Callable[..., int], now: dt.datetime) -> None:
    first, later = opened(), opened(now=now + DAY)
    assert close_due_petitions(now=SEOUL_MIDNIGHT_AFTER_30_DAYS - dt.timedelta(microseconds=1)) == 0
    assert close_due_petitions(now=SEOUL_MIDNIGHT_AFTER_30_DAYS) == 1
    assert close_due_petitions(now=SEOUL_MIDNIGHT_AFTER_30_DAYS + DAY / 2) == 0
    assert Petition.objects.get(pk=first).closed_at == SEOUL_MIDNIGHT_AFTER_30_DAYS
    assert state_of(later) == "open"


def test_a_petition_closed_late_was_closed_at_its_time(opened: Callable[..., int], now: dt.datetime) -> None:
    petition_id = opened()
    close_due_petitions(now=SEOUL_MIDNIGHT_AFTER_30_DAYS + 5 * DAY)
    assert Petition.objects.get(pk=petition_id).closed_at == SEOUL_MIDNIGHT_AFTER_30_DAYS
    assert read_gate(petition_id)["closes_at"] == SEOUL_MIDNIGHT_AFTER_30_DAYS


def test_what_is_owed_from_the_closing_on_gets_its_final_day(met: Callable[..., int], now: dt.datetime) -> None:
    obligation_id = met()
    planned = Obligation.objects.get(pk=obligation_id)
    assert planned.due_on == dt.date(2026, 5, 1)  # 30 days after 1 April
    close_petition(planned.petition_id, now=now + 10 * DAY)
    final = Obligation.objects.get(pk=obligation_id)
    assert (final.due_on, final.due_at) == (dt.date(2026, 4, 11), dt.datetime(2026, 4, 11, 15, tzinfo=dt.UTC))


def test_rejection_needs_a_reason_of_the_charter(submitted: Callable[..., int], now: dt.datetime) -> None:
    petition_id = submitted()
    for code in ("", "because"):
        with pytest.raises(ReasonError) as caught:
            reject_petition(petition_id, reason=Reason(code=code), now=now, actor=MODERATOR)
        assert caught.value.cure == "give one of: duplicate, personal-data"
    assert state_of(petition_id) == "moderation"
    reason = Reason(code="duplicate", note="See petition 1.")
    assert reject_petition(petition_id, reason=reason, now=now, actor=MODERATOR) == "rejected"
    petition = Petition.objects.get(pk=petition_id)
    assert (petition.state, petition.reason_code, petition.reason_note) == ("rejected", "duplicate", "See petition 1.")
    assert changes_of(petition_id)[-1] == ("moderation", "rejected", "moderator", "mo@example.org", "duplicate")


def test_a_reason_that_hides_hides(submitted: Callable[..., int], now: dt.datetime) -> None:
    petition_id = submitted()
    assert reject_petition(petition_id, reason=Reason(code="personal-data"), now=now) == "hidden"
    with pytest.raises(ReasonError, match="'duplicate' does not hide a petition"):
        hide_petition(submitted(), reason=Reason(code="duplicate"), now=now)


def test_a_rejected_petition_can_be_hidden_and_taken_up_again(submitted: Callable[..., int], now: dt.datetime) -> None:
    petition_id = submitted()
    reject_petition(petition_id, reason=Reason(code="duplicate"), now=now)
    assert read_gate(petition_id)["state"] == "closed"
    hide_petition(petition_id, reason=Reason(code="personal-data"), now=now)
    assert read_gate(petition_id)["state"] == "closed"
    with pytest.raises(RoleError, match=f"a moderator may not make petition {petition_id} moderation"):
        restore_petition(petition_id, now=now, actor=MODERATOR)
    assert restore_petition(petition_id, now=now, actor=Actor(role="operator")) == "moderation"
    assert Petition.objects.get(pk=petition_id).reason_code == ""
    assert read_gate(petition_id)["state"] == "waiting"
    open_petition(petition_id, now=now)
    assert read_gate(petition_id)["state"] == "open"


@pytest.mark.parametrize("end", ["hide", "withdraw"])
def test_what_never_opens_is_refused_by_its_gate(end: str, submitted: Callable[..., int], now: dt.datetime) -> None:
    petition_id = submitted()
    if end == "hide":
        hide_petition(petition_id, reason=Reason(code="personal-data"), now=now)
    else:
        withdraw_petition(petition_id, now=now)
    gate = read_gate(petition_id)
    assert (gate["state"], gate["opened_at"], gate["closes_at"], gate["wrapped_key"]) == ("closed", None, None, None)


def test_a_gate_is_cancelled_only_while_it_waits_and_revived_only_then(
    submitted: Callable[..., int], opened: Callable[..., int], now: dt.datetime
) -> None:
    waiting, was_open = submitted(), opened()
    close_petition(was_open, now=now + DAY)
    with connection.cursor() as cursor:
        for petition_id, change in ((was_open, cancel_gate), (was_open, revive_gate), (waiting, revive_gate)):
            with pytest.raises(GateError, match=f"petition {petition_id} "):
                change(cursor, petition_id=petition_id)


def test_a_withdrawn_petition_that_was_open_keeps_its_log(
    opened: Callable[..., int],
    sign: Callable[..., None],
    log_entries: Callable[[int], list[bytes]],
    now: dt.datetime,
) -> None:
    petition_id = opened()
    sign(petition_id, "Ada")
    withdraw_petition(petition_id, now=now + DAY, note="The crossing was built.")
    petition = Petition.objects.get(pk=petition_id)
    assert (petition.state, petition.reason_code, petition.closed_at) == (
        "withdrawn",
        "withdrawn-by-creator",
        now + DAY,
    )
    assert read_gate(petition_id)["state"] == "closed"
    assert Event.parse(log_entries(petition_id)[-1]).body["count"] == 1


def test_a_draft_is_withdrawn_without_a_log(draft: Callable[..., int], now: dt.datetime) -> None:
    petition_id = draft()
    withdraw_petition(petition_id, now=now)
    assert state_of(petition_id) == "withdrawn"
    assert Petition.objects.get(pk=petition_id).closed_at is None


def test_a_removed_petition_comes_back_with_its_own_dates(opened: Callable[..., int], now: dt.datetime) -> None:
    petition_id = opened()
    remove_petition(petition_id, reason=Reason(code="personal-data"), now=now + DAY, actor=MODERATOR)
    assert (state_of(petition_id), read_gate(petition_id)["state"]) == ("removed", "paused")
    with pytest.raises(RoleError):
        restore_petition(petition_id, now=now + 2 * DAY, actor=MODERATOR)
    assert restore_petition(petition_id, now=now + 2 * DAY) == "open"
    gate = read_gate(petition_id)
    assert (gate["state"], gate["opened_at"], gate["closes_at"]) == ("open", now, SEOUL_MIDNIGHT_AFTER_30_DAYS)


def test_a_petition_removed_beyond_its_time_comes_back_closed(opened: Callable[..., int], now: dt.datetime) -> None:
    petition_id = opened()
    remove_petition(petition_id, reason=Reason(code="duplicate"), now=now + DAY)
    assert close_due_petitions(now=SEOUL_MIDNIGHT_AFTER_30_DAYS) == 0
    assert restore_petition(petition_id, now=SEOUL_MIDNIGHT_AFTER_30_DAYS + DAY) == "closed"
    petition = Petition.objects.get(pk=petition_id)
    assert petition.closed_at == SEOUL_MIDNIGHT_AFTER_30_DAYS
    assert read_gate(petition_id)["state"] == "closed"


def test_a_closed_petition_is_removed_and_comes_back_closed(opened: Callable[..., int], now: dt.datetime) -> None:
    petition_id = opened()
    close_petition(petition_id, now=now + DAY)
    remove_petition(petition_id, reason=Reason(code="duplicate"), now=now + 2 * DAY)
    assert restore_petition(petition_id, now=now + 3 * DAY) == "closed"
    assert Petition.objects.get(pk=petition_id).closed_at == now + DAY


def test_a_failure_on_the_way_undoes_the_whole_step(submitted: Callable[..., int], now: dt.datetime) -> None:
    petition_id = submitted()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM signing_gate WHERE petition_id = %s", [petition_id])
    with pytest.raises(Exception, match="no gate that waits"):
        open_petition(petition_id, now=now)
    assert state_of(petition_id) == "moderation"
    assert len(changes_of(petition_id)) == 2


def test_a_move_that_the_table_does_not_have_is_refused(draft: Callable[..., int], now: dt.datetime) -> None:
    petition = Petition.objects.get(pk=draft())
    for old, new in itertools.product(STATES, STATES):
        if (old, new) not in TRANSITIONS:
            petition.state = old
            with pytest.raises(TransitionError) as caught:
                move(petition, new=new, actor=SYSTEM, now=now)
            assert caught.value.state == old
    assert state_of(petition.pk) == "draft"


def test_only_the_roles_of_the_table_may_move(draft: Callable[..., int], now: dt.datetime) -> None:
    petition = Petition.objects.get(pk=draft())
    for (old, new), roles in TRANSITIONS.items():
        petition.state = old
        for role in {"creator", "sponsor", "moderator", "clerk", "auditor", "operator"} - roles:
            with pytest.raises(RoleError):
                move(petition, new=new, actor=Actor(role=role), now=now)


def test_a_text_edited_since_it_was_read_is_not_opened(submitted: Callable[..., int], now: dt.datetime) -> None:
    petition = Petition.objects.get(pk=submitted())
    Petition.objects.filter(pk=petition.pk).update(body="Another text.")
    with pytest.raises(TransitionError):
        move(petition, new="rejected", actor=SYSTEM, now=now, reason=Reason(code="duplicate"))


def test_the_refusal_names_the_state(draft: Callable[..., int], now: dt.datetime) -> None:
    petition_id = draft()
    with pytest.raises(TransitionError) as caught:
        open_petition(petition_id, now=now)
    assert str(caught.value) == f"petition {petition_id} is draft, and from there it cannot become open"


def test_an_unknown_number_is_said(now: dt.datetime) -> None:
    with pytest.raises(UnknownPetitionError, match="there is no petition 4711"):
        close_petition(4711, now=now)


@pytest.mark.parametrize("charter", ["university", "blue-house-2019", "canada-commons", "eu-eci"])
def test_a_rehearsals_petition_opens_at_once(charter: str, now: dt.datetime) -> None:
    petition_id = open_made_up_petition(charter=charter, title="More benches", body="At the stops.", now=now)
    assert (state_of(petition_id), read_gate(petition_id)["state"]) == ("open", "open")


def test_regions_are_needed_where_a_threshold_counts_by_region(now: dt.datetime) -> None:
    petition_id = open_made_up_petition(charter="eu-eci", title="More benches", body="At the stops.", now=now)
    gate = read_gate(petition_id)
    assert (gate["region_needed"], len(gate["regions"])) == (True, 28)
