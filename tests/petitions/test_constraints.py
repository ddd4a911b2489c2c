"""Each invariant is a constraint of the database: here each one is broken once."""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from tests.petitions import test_office_constraints as office
from tests.petitions import test_outcome_constraints as outcomes

from maninso.charter import Charter
from maninso.petitions.access.rules import keep_charter
from maninso.petitions.models import (
    Allowance,
    Announcement,
    CharterVersion,
    Extension,
    Message,
    Obligation,
    Petition,
    ReportedRecord,
    Response,
    StateChange,
    Subscriber,
    VoidBatch,
)

pytestmark = pytest.mark.django_db

Spoil = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def rows(town: Charter, now: dt.datetime, met: Callable[..., int]) -> dict[str, Any]:
    """A sound row of each kind to spoil: our own open petition, a reported one, and what is owed for the first."""
    version = keep_charter(town, now=now)
    obligation = Obligation.objects.select_related("petition").get(pk=met())
    reported = Petition.objects.create(
        state="closed",
        title="More trees at the station",
        body="",
        language="en",
        charter=version,
        text_digest=bytes(32),
        needed=[3],
        created_at=now,
        opened_at=now,
        closes_at=now + dt.timedelta(days=1),
        closed_at=now + dt.timedelta(days=1),
        updated_at=now,
        source="blue-house",
        source_id="7",
        reported_count=5,
    )
    return {"now": now, "version": version, "own": obligation.petition, "reported": reported, "owed": obligation}


def record_of(rows: dict[str, Any], **changes: Any) -> Callable[[], object]:
    return lambda: ReportedRecord.objects.create(**{"petition": rows["reported"], "digest": bytes(32), **changes})


def broken_by(change: Callable[[], object]) -> str:
    """Return the name of the constraint that refuses a change."""

    def change_and_check() -> None:
        with transaction.atomic():
            change()
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError) as caught:
        change_and_check()
    return str(caught.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]


def change_row(row: Any, **changes: Any) -> Callable[[], object]:
    return lambda: type(row).objects.filter(pk=row.pk).update(**changes)


def draft_of(rows: dict[str, Any], **changes: Any) -> Callable[[], object]:
    given = {
        "state": "draft",
        "title": "Quieter nights",
        "body": "",
        "language": "en",
        "charter": rows["version"],
        "created_at": rows["now"],
        "updated_at": rows["now"],
    }
    return lambda: Petition.objects.create(**{**given, **changes})


def version_of(rows: dict[str, Any], **changes: Any) -> Callable[[], object]:
    given = {"charter_id": "x", "digest": hashlib.sha256(b"x").digest(), "source": b"x", "kept_at": rows["now"]}
    return lambda: CharterVersion.objects.create(**{**given, **changes})


def move_of(rows: dict[str, Any], **changes: Any) -> Callable[[], object]:
    given = {"petition": rows["own"], "old": "open", "new": "closed", "at": rows["now"], "role": "system"}
    return lambda: StateChange.objects.create(**{**given, **changes})


def response_of(rows: dict[str, Any], **changes: Any) -> Callable[[], object]:
    given = {
        "obligation": rows["owed"],
        "version": 1,
        "author": "The mayor",
        "summary": "Yes",
        "body": "",
        "language": "en",
        "digest": bytes(32),
        "role": "clerk",
        "published_at": rows["now"],
    }
    return lambda: Response.objects.create(**{**given, **changes})


def extension_of(rows: dict[str, Any], **changes: Any) -> Callable[[], object]:
    given = {
        "obligation": rows["owed"],
        "number": 1,
        "length": "1 month",
        "old_due_on": dt.date(2026, 5, 1),
        "new_due_on": dt.date(2026, 6, 1),
        "role": "clerk",
        "at": rows["now"],
    }
    return lambda: Extension.objects.create(**{**given, **changes})


def obligation_of(rows: dict[str, Any], **changes: Any) -> Callable[[], object]:
    given = {
        "petition": rows["own"],
        "threshold_id": "debate",
        "needed": 5,
        "met_index": 9,
        "met_count": 5,
        "met_at": rows["now"],
        "created_at": rows["now"],
    }
    return lambda: Obligation.objects.create(**{**given, **changes})


def gate_for(petition: Petition) -> Callable[[], object]:
    def insert() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO signing_gate (petition_id, origin, state) VALUES (%s, 'x', 'waiting')", [petition.pk]
            )

    return insert


def twice(make: Callable[[], object]) -> Callable[[], object]:
    return lambda: (make(), make())


def kept_by_anothers(rows: dict[str, Any]) -> Callable[[], object]:
    def change() -> None:
        other = obligation_of(rows)()
        response: Any = response_of(rows, obligation=other)()
        change_row(rows["owed"], state="kept", settled_at=rows["now"], response=response)()

    return change


def append_then(make: Callable[[], object], then: str) -> Callable[[], object]:
    def change() -> None:
        row: Any = make()
        if then == "delete":
            type(row).objects.filter(pk=row.pk).delete()
        else:
            type(row).objects.filter(pk=row.pk).update(**{then: "x"})

    return change


BREACHES: dict[str, Callable[[dict[str, Any]], Callable[[], object]]] = {
    "charter_version_digest_once": lambda rows: twice(version_of(rows)),
    "charter_version_digest_of_source": lambda rows: version_of(rows, source=b"y"),
    "charter_version_named": lambda rows: version_of(rows, charter_id=""),
    "petition_state_known": lambda rows: draft_of(rows, state="lost"),
    "petition_titled": lambda rows: draft_of(rows, title=""),
    "petition_opened_pins_text": lambda rows: draft_of(
        rows, opened_at=rows["now"], closes_at=rows["now"] + dt.timedelta(days=1)
    ),
    "petition_text_digest_length": lambda rows: draft_of(
        rows, opened_at=rows["now"], closes_at=rows["now"] + dt.timedelta(days=1), text_digest=bytes(31)
    ),
    "petition_state_opened": lambda rows: draft_of(rows, state="open"),
    "petition_closed_when": lambda rows: change_row(rows["own"], state="closed"),
    "petition_window": lambda rows: change_row(rows["own"], closes_at=rows["now"]),
    "petition_reason_given": lambda rows: draft_of(rows, state="rejected"),
    "petition_reported_whole": lambda rows: change_row(rows["reported"], reported_count=None),
    "petition_reported_state": lambda rows: change_row(rows["reported"], state="open"),
    "petition_source_once": lambda rows: draft_of(
        rows,
        state="closed",
        text_digest=bytes(32),
        opened_at=rows["now"],
        closes_at=rows["now"] + dt.timedelta(days=1),
        closed_at=rows["now"],
        source="blue-house",
        source_id="7",
        reported_count=1,
    ),
    "reported_response_says_something": lambda rows: record_of(rows, responded_on=rows["now"].date()),
    "reported_debate_took_place": lambda rows: record_of(rows, debate_overview="They agreed."),
    "reported_parts_are_lists": lambda rows: record_of(rows, countries={"GB": 1}),
    "reported_digest_length": lambda rows: record_of(rows, digest=b"short"),
    "state_change_states_known": lambda rows: move_of(rows, new="lost"),
    "state_change_role_known": lambda rows: move_of(rows, role="king"),
    "state_change_moves": lambda rows: move_of(rows, new="open"),
    "obligation_once": lambda rows: obligation_of(rows, threshold_id="answer"),
    "obligation_state_known": lambda rows: change_row(rows["owed"], state="lost", settled_at=rows["now"]),
    "obligation_kept_by_response": lambda rows: change_row(rows["owed"], state="kept", settled_at=rows["now"]),
    "obligation_decline_reason": lambda rows: change_row(rows["owed"], state="declined", settled_at=rows["now"]),
    "obligation_settled_when": lambda rows: change_row(rows["owed"], settled_at=rows["now"]),
    "obligation_turned_whole": lambda rows: change_row(rows["owed"], turns=2),
    "obligation_undone_is_not_owed": lambda rows: change_row(
        rows["owed"], turns=1, turned_index=9, turned_count=2, turned_at=rows["now"]
    ),
    "obligation_due_whole": lambda rows: change_row(rows["owed"], due_on=None),
    "extension_once": lambda rows: twice(extension_of(rows)),
    "extension_later": lambda rows: extension_of(rows, new_due_on=dt.date(2026, 5, 1)),
    "extension_numbered": lambda rows: extension_of(rows, number=0),
    "response_version_once": lambda rows: twice(response_of(rows)),
    "response_numbered": lambda rows: response_of(rows, version=0),
    "response_says_something": lambda rows: response_of(rows, summary=""),
}

GUARDS: dict[str, Callable[[dict[str, Any]], Callable[[], object]]] = {
    "petition_text_frozen": lambda rows: change_row(rows["own"], title="Something else"),
    "petition_text_frozen (body)": lambda rows: change_row(rows["own"], body="Something else"),
    "petition_text_frozen (digest)": lambda rows: change_row(rows["own"], text_digest=bytes(32)),
    "petition_text_frozen (charter)": lambda rows: lambda: change_row(rows["own"], charter=version_of(rows)())(),
    "petition_text_frozen (needed)": lambda rows: change_row(rows["own"], needed=[1]),
    "petition_text_frozen (opening)": lambda rows: change_row(rows["own"], opened_at=rows["now"] - dt.timedelta(1)),
    "petition_source_frozen": lambda rows: change_row(rows["reported"], source_id="8"),
    "reported_record_of_another_site": lambda rows: record_of(rows, petition=rows["own"]),
    "petition_reported_has_no_gate": lambda rows: gate_for(rows["reported"]),
    "obligation_of_our_own_count": lambda rows: obligation_of(rows, petition=rows["reported"]),
    "obligation_cause_frozen": lambda rows: change_row(rows["owed"], met_count=2),
    "obligation_kept_by_its_own_response": kept_by_anothers,
    "petitions_charterversion_never_changes": lambda rows: append_then(version_of(rows), "charter_id"),
    "petitions_statechange_never_changes": lambda rows: append_then(move_of(rows), "actor"),
    "petitions_statechange_never_changes (deleted)": lambda rows: append_then(move_of(rows), "delete"),
    "petitions_response_never_changes": lambda rows: append_then(response_of(rows), "body"),
    "petitions_extension_never_changes": lambda rows: append_then(extension_of(rows), "reason"),
}


@pytest.mark.parametrize("name", BREACHES | GUARDS)
def test_breach_is_refused_under_its_name(name: str, rows: dict[str, Any]) -> None:
    breach = (BREACHES | GUARDS)[name](rows)
    assert broken_by(breach) == name.split(" ")[0]


def test_every_constraint_of_the_models_is_broken_here() -> None:
    elsewhere = (VoidBatch, Allowance, Announcement, Message, Subscriber)  # test_void_batches.py, test_notices.py
    models = [model for model in apps.get_app_config("petitions").get_models() if model not in elsewhere]
    named = {each.name for model in models for each in model._meta.constraints}
    in_own_files = {  # test_search_index.py, test_families.py, test_holders.py, test_webhooks.py
        # test_clocks.py, test_terms.py, test_documents_of_answers.py, test_unowed.py
        *("calendar_day_known", "calendar_day_once", "due_change_cause_known", "due_change_moves"),
        *("moment_known", "moment_once", "obligation_lapse_reason", "term_end_once", "term_end_why"),
        *("document_digest_of_content", "document_kind_known", "document_once", "document_size"),
        *("reply_document_once", "reply_document_titled", "response_document_once", "response_document_titled"),
        *("reply_petition_once", "response_to_a_debt_or_a_petition"),
        "kept_petition_once",
        *("webhook_encrypted", "webhook_ends_with_a_reason", "webhook_once"),
        *("delivery_once", "delivery_kind_known", "delivery_done_with_an_outcome"),
        *("petition_gram_counted", "petition_gram_count_once", "petition_title_word_counted"),
        *("family_change_says_why", "family_change_by_a_person"),
    }
    assert (
        named
        == BREACHES.keys()
        | office.BREACHES.keys()
        | ({name.split(" ")[0] for name in outcomes.BREACHES} - {"announcement_version_once"})
        | in_own_files
    )


def test_every_guard_of_the_database_is_broken_here() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE NOT tgisinternal AND (c.relname LIKE 'petitions\\_%' OR tgname LIKE 'petition\\_%')"
        )
        triggers = {name for (name,) in cursor.fetchall()}
    triggers -= {  # test_void_batches.py, test_families.py, test_clocks.py, test_documents_of_answers.py
        *("void_batch_frozen", "petitions_familychange_never_changes", "petitions_duechange_never_changes"),
        *("petitions_document_never_changes", "petitions_responsedocument_never_changes"),
    }
    # These keep the search up to date, and refuse nothing: test_search_index.py.
    triggers -= {"petition_search_is_due", "petition_search_is_due_by_response", "petition_search_is_due_by_bill"}
    triggers -= {"petition_search_is_due_by_reply", "petition_vector_follows"}
    assert triggers <= {name.split(" ")[0] for name in GUARDS | office.GUARDS | outcomes.GUARDS}


def test_a_draft_may_still_change_its_text(draft: Callable[..., int]) -> None:
    petition_id = draft()
    assert Petition.objects.filter(pk=petition_id).update(title="A crossing at the school") == 1


def test_migrations_say_what_the_models_say() -> None:
    from django.core.management import call_command

    call_command("makemigrations", "petitions", check=True, dry_run=True, verbosity=0)
