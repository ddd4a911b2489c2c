"""Who may sign and create, which texts are let in, and when the same request stands in the way."""

from datetime import UTC, datetime

import pytest

from maninso.charter import (
    Person,
    TextFault,
    find_text_faults,
    forbids_duplicate,
    load_preset,
    refuse_creator,
    refuse_signer,
)


def code_of(refusal):
    return refusal.code if refusal else None


@pytest.mark.parametrize(
    ("preset_id", "person", "code"),
    [
        ("bundestag", Person(assurance=0), None),
        ("blue-house-2019", Person(assurance=0), "assurance-too-low"),
        ("blue-house-2019", Person(assurance=1), None),
        ("national-assembly-kr", Person(assurance=1, citizenship=frozenset({"KR"})), "assurance-too-low"),
        ("national-assembly-kr", Person(assurance=2, citizenship=frozenset({"KR"})), None),
        ("national-assembly-kr", Person(assurance=2, citizenship=frozenset({"FI"}), residence="KR-26"), None),
        (
            "national-assembly-kr",
            Person(assurance=2, citizenship=frozenset({"FI"}), residence="FI", declared_eligible=True),
            "not-citizen-or-resident",
        ),
        ("national-assembly-kr", Person(assurance=2, citizenship=frozenset({"FI"})), "not-declared"),
        ("uk-parliament", Person(assurance=0), "not-declared"),
        ("uk-parliament", Person(assurance=0, declared_eligible=True), None),
        ("uk-parliament", Person(assurance=0, residence="GB-SCT"), None),
        ("uk-parliament", Person(assurance=0, residence="FR"), "not-declared"),
        ("uk-parliament", Person(assurance=0, residence="FR", declared_eligible=True), None),
        ("we-the-people", Person(assurance=0, age=12, declared_eligible=True), "too-young"),
        ("we-the-people", Person(assurance=0, age=13), None),
        ("we-the-people", Person(assurance=0), "not-declared"),
        ("finland", Person(assurance=3, age=17, citizenship=frozenset({"FI"})), "too-young"),
        ("finland", Person(assurance=3, age=18, citizenship=frozenset({"FI"})), None),
        ("finland", Person(assurance=3, age=18, citizenship=frozenset({"SE"})), "not-citizen-or-resident"),
        ("eu-eci", Person(assurance=3, citizenship=frozenset({"CH", "EE"})), None),
        ("university", Person(assurance=0, mail_domain="GIST.ac.kr"), None),
        ("university", Person(assurance=0, mail_domain="example.org", declared_eligible=True), "mail-domain"),
        ("university", Person(assurance=0, mail_domain="notgist.ac.kr"), "mail-domain"),
        ("university", Person(assurance=0, declared_eligible=True), "mail-domain"),
    ],
)
def test_a_signer_is_refused_for_a_stable_reason(preset_id, person, code):
    assert code_of(refuse_signer(load_preset(preset_id), person)) == code


@pytest.mark.parametrize(
    ("residence", "declared", "code"),
    [
        ("GB-WLS", False, None),
        ("GB-ENG", True, "not-citizen-or-resident"),
        ("FR", True, "not-citizen-or-resident"),
        ("GB", False, "not-declared"),
        ("GB", True, None),
        (None, True, None),
    ],
)
def test_a_creator_has_rules_of_their_own(residence, declared, code):
    person = Person(assurance=0, residence=residence, declared_eligible=declared)
    assert code_of(refuse_creator(load_preset("senedd"), person)) == code
    assert refuse_signer(load_preset("senedd"), person) is None


def test_a_refusal_tells_the_person_in_both_languages():
    refusal = refuse_signer(load_preset("finland"), Person(assurance=3, age=17))
    assert (refusal.text.ko, refusal.text.en) == ("18세 이상이어야 합니다.", "You must be 18 or over.")


TITLE, BODY = "A safer crossing at the school", "Please paint a crossing."


@pytest.mark.parametrize(
    ("title", "body", "additional", "found"),
    [
        (TITLE, BODY, "", []),
        ("x" * 80, "x" * 300, "x" * 800, []),
        ("x" * 81, "x" * 301, "x" * 801, [("title", "too-long"), ("body", "too-long"), ("additional", "too-long")]),
        (" ", "\n\t", " ", [("title", "empty"), ("body", "empty")]),
        (" " + "가" * 80 + " ", BODY, "", []),
        (TITLE, "see https://example.org/", "", []),
    ],
)
def test_texts_are_held_to_the_limits(title, body, additional, found):
    faults = find_text_faults(load_preset("uk-parliament"), title=title, body=body, additional=additional)
    assert [(fault.field, fault.code) for fault in faults] == found


def test_words_are_counted_where_the_charter_counts_words():
    canada = load_preset("canada-commons")
    assert find_text_faults(canada, title=TITLE, body="word " * 250) == ()
    assert find_text_faults(canada, title=TITLE, body="word " * 251) == (
        TextFault(field="body", code="too-long", used=251, limit=250, unit="words"),
    )


def test_an_additional_text_is_too_long_where_there_is_none():
    faults = find_text_faults(load_preset("senedd"), title=TITLE, body=BODY, additional="more")
    assert [(fault.field, fault.code, fault.limit) for fault in faults] == [("additional", "too-long", 0)]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("see http://example.org", True),
        ("see HTTPS://example.org", True),
        ("see www.example.org", True),
        ("the awww. sound", False),
        ("hold the www. for now", False),
    ],
)
def test_links_are_refused_where_the_charter_forbids_them(text, refused):
    faults = find_text_faults(load_preset("canada-commons"), title=TITLE, body=text)
    assert [fault.code for fault in faults] == (["link"] if refused else [])


def test_the_same_request_stands_in_the_way_while_open_and_for_a_year():
    senedd = load_preset("senedd")
    # The last day of collecting was 31 May 2023, summer time.
    closed_at = datetime(2023, 5, 31, 23, tzinfo=UTC)
    answers = [
        forbids_duplicate(senedd, other_closed_at=closed_at, now=now)
        for now in (
            datetime(2023, 5, 1, tzinfo=UTC),
            datetime(2023, 6, 1, tzinfo=UTC),
            datetime(2024, 6, 1, 22, 59, tzinfo=UTC),
            datetime(2024, 6, 1, 23, tzinfo=UTC),
        )
    ]
    assert answers == [True, True, True, False]
    assert forbids_duplicate(senedd, other_closed_at=None, now=closed_at) is True


def test_where_only_open_petitions_stand_in_the_way(build):
    closed_at = datetime(2023, 5, 31, 23, tzinfo=UTC)
    uk, town = load_preset("uk-parliament"), build()
    assert forbids_duplicate(uk, other_closed_at=closed_at, now=closed_at) is False
    assert forbids_duplicate(uk, other_closed_at=None, now=closed_at) is True
    assert forbids_duplicate(town, other_closed_at=None, now=closed_at) is False
