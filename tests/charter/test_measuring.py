"""A count meets a threshold, or not, exactly at its number and by the rules of the day it was registered."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maninso.charter import (
    CharterError,
    Counts,
    Measured,
    Threshold,
    is_met,
    load_preset,
    measure,
    preset_ids,
    thresholds_met,
)

TODAY = date(2024, 9, 1)
SEVEN = {"AT": 14_400, "BE": 15_840, "BG": 12_240, "HR": 8_640, "CY": 4_320, "CZ": 15_120, "DK": 10_800}


def threshold_of(preset_id, number=0):
    return load_preset(preset_id).thresholds[number]


@pytest.mark.parametrize(
    ("preset_id", "number", "signatures", "met"),
    [
        ("blue-house-2017", 0, 199_999, False),
        ("blue-house-2017", 0, 200_000, True),
        ("senedd", 1, 10_000, False),
        ("senedd", 1, 10_001, True),
        ("uk-parliament", 0, 9_999, False),
        ("uk-parliament", 0, 10_000, True),
        ("uk-parliament", 1, 99_999, False),
        ("uk-parliament", 1, 100_000, True),
        ("university", 0, 49, False),
        ("university", 0, 50, True),
    ],
)
def test_a_threshold_is_met_at_its_number(preset_id, number, signatures, met):
    assert is_met(threshold_of(preset_id, number), Counts(signatures), registered_on=TODAY) is met


def test_where_no_region_counts_none_is_reported():
    assert measure(threshold_of("university"), Counts(50), registered_on=TODAY) == Measured(
        "answer", True, 50, 50, None, None
    )


@pytest.mark.parametrize(
    ("registered_on", "needed"),
    [(date(2021, 12, 8), 100_000), (date(2021, 12, 9), 50_000), (date(2020, 1, 10), 100_000)],
)
def test_an_earlier_amount_holds_for_petitions_of_its_time(registered_on, needed):
    threshold = threshold_of("national-assembly-kr")
    assert threshold.needed == 50_000
    assert measure(threshold, Counts(60_000), registered_on=registered_on).needed == needed
    assert is_met(threshold, Counts(60_000), registered_on=registered_on) is (needed == 50_000)


def test_the_total_and_seven_member_states_are_both_needed():
    success = threshold_of("eu-eci")
    assert measure(success, Counts(1_000_000, SEVEN), registered_on=TODAY) == Measured(
        "success", True, 1_000_000, 1_000_000, 7, 7
    )
    assert measure(success, Counts(999_999, SEVEN), registered_on=TODAY).met is False
    one_short = measure(success, Counts(1_000_000, {**SEVEN, "AT": 14_399}), registered_on=TODAY)
    assert (one_short.met, one_short.regions_met) == (False, 6)
    more = measure(success, Counts(1_000_000, {**SEVEN, "AT": 14_399, "GR": 15_120}), registered_on=TODAY)
    assert (more.met, more.regions_met) == (True, 7)


@pytest.mark.parametrize(
    ("registered_on", "met"),
    [(date(2024, 7, 15), True), (date(2024, 7, 16), False), (date(2020, 2, 1), True)],
)
def test_the_table_is_that_of_the_day_of_registration(registered_on, met):
    by_region = {**SEVEN, "AT": 13_395}
    assert is_met(threshold_of("eu-eci"), Counts(1_000_000, by_region), registered_on=registered_on) is met


def test_before_the_first_table_nothing_is_measured():
    with pytest.raises(CharterError) as caught:
        measure(threshold_of("eu-eci"), Counts(2_000_000, SEVEN), registered_on=date(2020, 1, 31))
    assert str(caught.value) == (
        "registered 2020-01-31: no table of regional minimums covers that day (they run from 2020-02-01 on)"
    )
    assert caught.value.cure


def test_after_the_last_table_nothing_is_measured(build):
    council = build(("since = 2022-01-01,", "since = 2022-01-01, until = 2022-12-31,")).thresholds[1]
    with pytest.raises(CharterError, match="from 2020-01-01 to 2022-12-31"):
        measure(council, Counts(501), registered_on=date(2023, 1, 1))


def test_greece_counts_under_either_code():
    success = threshold_of("eu-eci")
    six = {code: number for code, number in SEVEN.items() if code != "AT"}
    for code in ("EL", "GR"):
        assert is_met(success, Counts(1_000_000, {**six, code: 15_120}), registered_on=TODAY) is True


def test_unknown_regions_count_for_no_region():
    by_region = {**SEVEN, "AT": 0, "CH": 50_000, "XX": 50_000}
    assert measure(threshold_of("eu-eci"), Counts(1_000_000, by_region), registered_on=TODAY).regions_met == 6


def test_every_region_may_be_needed(build):
    council = build(("regions_needed = 2", "all_regions = true")).thresholds[1]
    full = {"GB-ENG": 11, "GB-SCT": 21, "GB-WLS": 31}
    assert measure(council, Counts(501, full), registered_on=TODAY) == Measured("council", True, 501, 501, 3, 3)
    short = measure(council, Counts(501, {**full, "GB-ENG": 10}), registered_on=TODAY)
    assert (short.met, short.regions_met, short.regions_needed) == (False, 2, 3)


def test_a_region_without_signatures_misses_even_a_minimum_of_one(build):
    council = build(("GB-ENG = 11", "GB-ENG = 1")).thresholds[1]
    assert measure(council, Counts(501, {"GB-SCT": 21}), registered_on=TODAY).regions_met == 1


def test_thresholds_met_are_listed_in_the_charters_order():
    uk = load_preset("uk-parliament")
    listed = [
        [threshold.id for threshold in thresholds_met(uk, Counts(signatures), registered_on=TODAY)]
        for signatures in (9_999, 10_000, 100_000)
    ]
    assert listed == [[], ["response"], ["response", "debate"]]


@pytest.mark.parametrize("preset_id", preset_ids())
def test_a_threshold_survives_json(preset_id):
    for threshold in load_preset(preset_id).thresholds:
        assert Threshold.model_validate_json(threshold.model_dump_json()) == threshold


@settings(deadline=None)
@given(
    st.integers(0, 2_000_000),
    st.dictionaries(st.sampled_from(load_preset("eu-eci").regions), st.integers(0, 80_000)),
    st.sampled_from(load_preset("eu-eci").regions),
)
def test_another_signature_never_undoes_what_is_met(signatures, by_region, region):
    success = threshold_of("eu-eci")
    before = measure(success, Counts(signatures, by_region), registered_on=TODAY)
    more = {**by_region, region: by_region.get(region, 0) + 1}
    after = measure(success, Counts(signatures + 1, more), registered_on=TODAY)
    assert after.met >= before.met
    assert after.regions_met - before.regions_met in (0, 1)
