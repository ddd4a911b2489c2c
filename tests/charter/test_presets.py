"""The shipped charters hold the figures that were found, with how sure they are."""

import re
from datetime import date
from importlib import resources

import pytest

from maninso.charter import load_preset, preset_ids

# id: sponsors, collecting, thresholds (id, needed), deadline of the first obligation, assurance of a signer, regions
KEY_FIGURES = {
    "blue-house-2017": (None, "30 days", [("answer", 200_000)], "30 days from threshold", 1, 17),
    "blue-house-2019": (100, "30 days", [("answer", 200_000)], "30 days from closing", 1, 17),
    "bundestag": (None, "6 weeks", [("hearing", 30_000)], "10 sitting weeks from closing", 0, 0),
    "canada-commons": (
        5,
        "30 days, 60 days, 90 days, 120 days",
        [("certification", 500)],
        "45 days from submission",
        0,
        0,
    ),
    "eu-eci": (None, "12 months", [("success", 1_000_000)], "6 months from submission", 3, 27),
    "finland": (None, "6 months", [("parliament", 50_000)], None, 3, 0),
    "national-assembly-kr": (100, "30 days", [("referral", 50_000)], "90 days from submission", 2, 17),
    "senedd": (2, "6 months", [("committee", 250), ("debate", 10_001)], None, 0, 0),
    "taiwan-join": (None, "60 days", [("response", 5_000)], "60 days from threshold", 2, 0),
    "uk-parliament": (5, "6 months", [("response", 10_000), ("debate", 100_000)], "21 days from threshold", 0, 4),
    "university": (5, "30 days", [("answer", 50)], None, 0, 0),
    "we-the-people": (150, "30 days", [("response", 100_000)], "60 days from threshold", 0, 0),
}


def test_the_presets_are_those_of_the_table():
    assert preset_ids() == tuple(sorted(KEY_FIGURES))


@pytest.mark.parametrize("preset_id", sorted(KEY_FIGURES))
def test_a_preset_holds_its_key_figures(preset_id):
    charter = load_preset(preset_id)
    lengths = charter.collecting.choices or (charter.collecting.length,)
    obligation = charter.thresholds[0].obligation
    deadline = obligation.deadline
    assert charter.id == preset_id
    assert (
        charter.sponsors.count if charter.sponsors else None,
        ", ".join(length.render() for length in lengths),
        [(threshold.id, threshold.needed) for threshold in charter.thresholds],
        f"{deadline.within.render()} from {deadline.counted_from}" if deadline else None,
        charter.signer.minimum_assurance,
        len(charter.regions),
    ) == KEY_FIGURES[preset_id]


@pytest.mark.parametrize("preset_id", sorted(KEY_FIGURES))
def test_a_preset_speaks_korean_and_english(preset_id):
    charter = load_preset(preset_id)
    assert re.search("[가-힣]", charter.title.ko)
    assert re.search("[가-힣]", charter.institution.ko)
    for reason in charter.rejection_reasons:
        assert re.search("[가-힣]", reason.label.ko)
        assert not re.search("[가-힣]", reason.label.en)


@pytest.mark.parametrize("preset_id", sorted(KEY_FIGURES))
def test_a_preset_has_reasons_that_hide_and_reasons_that_show(preset_id):
    assert {reason.hides for reason in load_preset(preset_id).rejection_reasons} == {True, False}


def test_presets_are_the_files_of_their_folder():
    folder = resources.files("maninso.charter").joinpath("presets")
    assert folder.joinpath("finland.toml").read_bytes() == load_preset("finland").source


def test_the_rest_of_the_blue_house_figures():
    first, second = load_preset("blue-house-2017"), load_preset("blue-house-2019")
    assert (first.in_force.since, first.in_force.until) == (date(2017, 8, 19), date(2019, 3, 30))
    assert (second.in_force.since, second.in_force.until) == (date(2019, 3, 31), date(2022, 5, 9))
    assert [(each.since, each.until) for each in second.blackouts] == [
        (date(2020, 4, 2), date(2020, 4, 15)),
        (date(2021, 11, 12), date(2022, 3, 9)),
    ]
    assert first.figures["sponsors"].confidence == "confirmed"
    assert second.sponsors.secret_link is True
    assert second.sponsors.evidence("count").confidence == "reported"
    assert second.sponsors.evidence("window").confidence == "unconfirmed"
    assert second.collecting.evidence("starts").confidence == "unconfirmed"
    assert second.collecting.evidence("length").confidence == "confirmed"
    assert [ground.code for ground in second.thresholds[0].obligation.declines] == [
        "sub-judice",
        "other-powers",
        "local-matter",
        "falsehood",
        "hate",
    ]


def test_the_rest_of_the_other_figures():
    uk, canada, eu = load_preset("uk-parliament"), load_preset("canada-commons"), load_preset("eu-eci")
    assert (uk.sponsors.maximum, uk.thresholds[0].obligation.deadline.target.render()) == (20, "14 days")
    assert uk.thresholds[1].obligation.deadline is None
    assert uk.dissolution.closes_all is True
    assert (canada.gate_keeper.window.render(), canada.gate_keeper.attempts) == ("30 days", 5)
    assert (canada.text.body_max, canada.text.body_unit, canada.text.links_allowed) == (250, "words", False)
    assert canada.thresholds[0].obligation.deadline.or_next_sitting_day is True
    assert (eu.organisers.count, eu.organisers.regions, eu.collecting.start_within.render()) == (7, 7, "6 months")
    assert eu.counting.signatures == "verified"
    assert load_preset("we-the-people").signer.minimum_age == 13
    assert load_preset("we-the-people").thresholds[0].obligation.deadline.best_effort is True
    assert load_preset("finland").submission.lapses is True
    assert [role.en for role in load_preset("finland").organisers.roles] == [
        "initiator",
        "representative",
        "substitute",
    ]
    assert load_preset("finland").disclosure.signer_names == "once verified"
    assert load_preset("senedd").duplicates.after_closing.render() == "1 year"
    assert load_preset("senedd").creator.residence == ("GB-WLS",)
    assert load_preset("national-assembly-kr").review.within.render() == "7 days"
    assert load_preset("university").sponsors.window.render() == "30 days"


def test_the_two_tables_of_the_citizens_initiative():
    earlier, now = load_preset("eu-eci").thresholds[0].regional.tables
    assert (earlier.since, earlier.until) == (date(2020, 2, 1), date(2024, 7, 15))
    assert (now.since, now.until) == (date(2024, 7, 16), None)
    # A minimum is a state's seats times those of the whole Parliament: 720 seats now, 705 before.
    assert sum(now.minimum.values()) == 720 * 720
    assert {code: minimum // 720 for code, minimum in now.minimum.items() if minimum % 720} == {}
    assert sum(earlier.minimum.values()) == 705 * 705
    assert {code: minimum // 705 for code, minimum in earlier.minimum.items() if minimum % 705} == {}
    assert [(now.minimum[code], earlier.minimum[code]) for code in ("AT", "DE", "GR", "MT", "SE")] == [
        (14_400, 13_395),
        (69_120, 67_680),
        (15_120, 14_805),
        (4_320, 4_230),
        (15_120, 14_805),
    ]
