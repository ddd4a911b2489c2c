"""What a charter would have owed: each threshold with how it stands, what is owed, and by when."""

import json
from datetime import UTC, date, datetime

import pytest

from maninso.charter import Calendar, CharterError, Counts, load_preset, whatif, whatif_as_json

REGISTERED = date(2024, 7, 16)
SEVEN = {"AT": 14_400, "BE": 15_840, "BG": 12_240, "HR": 8_640, "CY": 4_320, "CZ": 15_120, "DK": 10_800}


def test_nothing_is_owed_below_the_threshold():
    verdicts = whatif(load_preset("uk-parliament"), registered=REGISTERED, counts=Counts(10_000))
    assert [(each.measured.met, each.owed and each.owed.id) for each in verdicts] == [
        (True, "government-response"),
        (False, None),
    ]
    assert [each.due for each in verdicts] == [None, None]


def test_known_moments_give_the_due_days():
    (verdict,) = whatif(
        load_preset("canada-commons"),
        registered=REGISTERED,
        counts=Counts(500),
        submitted_at=datetime(2024, 8, 1, 12, tzinfo=UTC),
        calendar=Calendar(sitting_days=frozenset([date(2024, 9, 17)])),
    )
    assert verdict.due.on == date(2024, 9, 17)


def test_an_unmet_threshold_has_no_due_day():
    (verdict,) = whatif(
        load_preset("blue-house-2017"),
        registered=date(2018, 1, 1),
        counts=Counts(199_999),
        threshold_met_at=datetime(2018, 1, 20, tzinfo=UTC),
    )
    assert (verdict.owed, verdict.due) == (None, None)


def test_the_answer_as_json():
    charter = load_preset("eu-eci")
    verdicts = whatif(charter, registered=REGISTERED, counts=Counts(1_234_567, SEVEN))
    answer = whatif_as_json(charter, registered=REGISTERED, verdicts=verdicts)
    assert json.loads(json.dumps(answer)) == {
        "charter": "eu-eci",
        "charter_sha256": charter.digest.hex(),
        "registered": "2024-07-16",
        "in_force": True,
        "counted": "verified",
        "thresholds": [
            {
                "id": "success",
                "label": "Valid initiative",
                "met": True,
                "signatures": 1_234_567,
                "needed": 1_000_000,
                "regions_met": 7,
                "regions_needed": 7,
                "obligation": "communication",
                "what": "a communication with the Commission's conclusions and its reasons",
                "who": "the European Commission",
                "owed": True,
                "deadline": "6 months from submission",
                "due": None,
                "binding": None,
            }
        ],
    }


def test_the_answer_speaks_the_language_asked_for():
    charter = load_preset("uk-parliament")
    verdicts = whatif(
        charter,
        registered=REGISTERED,
        counts=Counts(20_000),
        threshold_met_at=datetime(2024, 8, 1, 12, tzinfo=UTC),
    )
    response, debate = whatif_as_json(charter, registered=REGISTERED, verdicts=verdicts, language="ko")["thresholds"]
    assert (response["label"], response["deadline"], response["due"]) == (
        "정부 답변",
        "기준 도달 후 21일",
        "2024-08-22",
    )
    assert (debate["owed"], debate["deadline"], debate["due"]) == (False, None, None)
    assert (debate["regions_met"], debate["regions_needed"]) == (None, None)


def test_a_threshold_without_an_obligation_owes_nothing(build):
    counts = Counts(501, {"GB-ENG": 11, "GB-SCT": 21})
    verdicts = whatif(build(), registered=REGISTERED, counts=counts)
    answer = whatif_as_json(build(), registered=REGISTERED, verdicts=verdicts)["thresholds"][1]
    assert (answer["met"], answer["owed"], answer["obligation"], answer["what"]) == (True, False, None, None)


def test_a_day_before_the_rules_is_told():
    with pytest.raises(CharterError, match="registered 2020-01-31"):
        whatif(load_preset("eu-eci"), registered=date(2020, 1, 31), counts=Counts(0))
