"""Every figure of a charter is printed with its value, how sure it is, and its source."""

import typing

import pytest

from maninso.charter import (
    Deadline,
    ExtensionRule,
    Length,
    Row,
    Section,
    describe,
    load_preset,
    preset_ids,
    say_deadline,
    say_length,
)
from maninso.charter.base import LengthUnit, figure_names
from maninso.charter.model import Charter
from maninso.charter.words import CHOICES, FIGURES, HEADINGS, say_extension


def all_sections(kind=Section):
    for below in kind.__subclasses__():
        yield below
        yield from all_sections(below)


def test_every_figure_has_a_name():
    names = {name for section in all_sections() for name in figure_names(section)}
    assert sorted(FIGURES) == sorted(names)


def test_every_part_has_a_heading():
    optional = {name for name, field in Charter.model_fields.items() if not field.is_required() and name != "figures"}
    assert optional - set(HEADINGS) == set()


def test_every_choice_has_words():
    choices = set()
    for section in all_sections():
        for name in figure_names(section):
            annotation = section.model_fields[name].annotation
            if typing.get_origin(annotation) is typing.Literal:
                choices |= {value for value in typing.get_args(annotation) if isinstance(value, str)}
    assert choices == set(CHOICES)


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("preset_id", preset_ids())
def test_every_claim_of_a_preset_has_a_confidence_and_a_source(preset_id, language):
    described = describe(load_preset(preset_id), language)
    claims = [row for heading, rows in described[1:-1] for row in rows]
    assert {row.confidence for row in claims} <= {"confirmed", "reported", "unconfirmed"}
    assert [row for row in claims if not row.source or not row.value] == []
    headings = [heading for heading, rows in described]
    assert len(headings) == len(set(headings))


def rows_under(preset_id, heading, language="en"):
    return dict(describe(load_preset(preset_id), language))[heading]


def test_figures_of_the_second_board():
    press, assumed = "Korean press of 2019-03-29", "An assumption of this program, read in no source"
    assert rows_under("blue-house-2019", "Sponsors") == [
        Row("Number", "100", "reported", press),
        Row("Window", "none", "unconfirmed", assumed),
        Row("By secret link", "yes", "reported", press),
    ]


def test_what_is_absent_is_said_with_its_source():
    assert rows_under("blue-house-2017", "Sponsors") == [
        Row("Sponsors", "none", "confirmed", "The petition board of the Office of the President, its 'best' page")
    ]
    assert rows_under("uk-parliament", "Threshold: Considered for debate – what is owed")[-1] == Row(
        "Deadline", "none", "confirmed", "guidetoprocedure.parliament.uk"
    )


def test_a_default_is_no_claim_of_the_institution():
    assert rows_under("university", "Threshold: Answer") == [
        Row("Signatures, at least", "50", "confirmed", "The rules of the university's petition board"),
        Row("Collecting stops when reached", "no", "unconfirmed", "not stated (the program's default)"),
        Row("Undone by later voids", "no", "unconfirmed", "not stated (the program's default)"),
    ]


def test_an_obligation_in_korean():
    act = "국회법 제125조"
    assert rows_under("national-assembly-kr", "기준: 위원회 회부 – 의무", "ko") == [
        Row("내용", "소관 위원회 회부와 심사, 의장에게 결과 보고", "confirmed", act),
        Row("누가", "소관 위원회", "confirmed", act),
        Row("근거", "국회법 제125조", "confirmed", act),
        Row("기한", "90일", "confirmed", act),
        Row("기산점", "제출", "confirmed", act),
        Row("연장", "1 × 60일, 의장, 사유 필요; 제한 없음 × 정하는 대로, 위원회 의결, 사유 필요", "confirmed", act),
    ]


def test_earlier_amounts_blackouts_and_tables_are_printed():
    earlier = rows_under("national-assembly-kr", "Threshold: Referral to a committee – earlier amount")
    assert [(row.value, row.confidence) for row in earlier] == [("100,000", "confirmed"), ("2021-12-08", "unconfirmed")]
    assert [row.value for row in rows_under("blue-house-2019", "Blackout 2")] == [
        "2021-11-12",
        "2022-03-09",
        "the time before the presidential election",
    ]
    regional = rows_under("eu-eci", "Threshold: Valid initiative – regional rule")
    table = next(row.value for row in regional if row.figure == "Minimum by region")
    assert table.startswith("2020-02-01 – 2024-07-15: AT 13,395 · BE 14,805")
    assert "2024-07-16 –: AT 14,400 · BE 15,840" in table


def test_reasons_for_rejection_say_whether_they_hide_the_text():
    rows = rows_under("university", "Reasons for rejection")
    assert Row("personal-data: It holds personal data", "hides the text", "", "") in rows
    assert Row("unclear: It is not clear what the petition asks for", "text stays", "", "") in rows


def test_a_charter_without_regions_says_so(build):
    general = dict(describe(load_preset("university"), "en"))["Institution"]
    assert Row("Regions", "none", "", "") in general
    assert Row("Regions", "GB-ENG, GB-SCT, GB-WLS", "", "") in dict(describe(build(), "en"))["Institution"]


def test_every_unit_has_korean_words():
    said = [say_length(Length.parse(f"3 {unit}s"), "ko") for unit in typing.get_args(LengthUnit)]
    assert said == ["3일", "3주", "3개월", "3년", "근무일 3일", "회의일 3일", "회의 주간 3주"]


def test_deadlines_and_extensions_in_words():
    deadline = Deadline(
        within="45 days",
        counted_from="submission",
        or_next_sitting_day=True,
        best_effort=True,
        confidence="confirmed",
        source="act",
    )
    assert say_deadline(deadline, "en") == "45 days from submission or the next sitting day (best effort)"
    assert say_deadline(deadline, "ko") == "제출 후 45일 또는 다음 회의일 (노력 기한)"
    assert say_extension(ExtensionRule(reason_required=False), "en") == "any number × as decided"
