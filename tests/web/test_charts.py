"""Charts: drawn in whole numbers, said in words and a table, small, and true to what the ledger counted."""

import datetime as dt
import gzip
import re
from itertools import pairwise
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from tests.web.samples import NOW, make_petition, make_threshold

from maninso.petitions.access import Stretch
from maninso.web.shared.charts import (
    MOST_ROWS,
    Line,
    choose_lines,
    draw_curve,
    draw_map,
    drop_repeated,
    find_top,
    make_rows,
    say_tick,
    show_curve,
    show_regions,
)
from maninso.web.shared.regions import NAMES, RESIDENTS, TILES, format_rate, has_map

SEOUL = ZoneInfo("Asia/Seoul")
BEGINS = dt.datetime(2026, 10, 31, 10, 30, tzinfo=SEOUL)
KOREA = {code: 1000 + number for number, code in enumerate(sorted(TILES)) if code.startswith("KR")}
SVG = "{http://www.w3.org/2000/svg}"


def make_curve(*added: int, hours: int = 24) -> list[Stretch]:
    """Return stretches one after the other, the first from the opening on."""
    midnight = BEGINS.replace(hour=0, minute=0)
    stretches, count = [], 0
    for number, each in enumerate(added):
        count += each
        begins = midnight + dt.timedelta(hours=number * hours)
        ends = begins + dt.timedelta(hours=hours)
        stretches.append(Stretch(begins=max(begins, BEGINS), ends=ends, added=each, count=count))
    return stretches


def draw(curve: list[Stretch], *lines: Line) -> str:
    return draw_curve(curve, ends=curve[-1].ends, lines=lines, label="Signatures", language="en")


def test_a_curve_is_drawn_in_whole_numbers_and_ends_at_its_count() -> None:
    drawing = draw(make_curve(50, 30, 0, 20), Line(80, "Answer 80"))
    path = re.findall(r'class="curve" d="M([^"]+)"', drawing)[0]
    points = [tuple(map(int, point.split())) for point in path.split("L")]
    assert points[0] == (0, 1000)
    assert points[-1] == (1000, 0)  # a hundred of the hundred that the axis has room for
    assert all(x <= after for (x, _), (after, _) in pairwise(points))
    assert all(y >= after for (_, y), (_, after) in pairwise(points))
    assert not re.search(r"[\d][.,]\d+[\" ]", re.sub(r"<text.*?</text>", "", drawing))
    assert "style" not in drawing


def test_a_threshold_is_a_line_at_its_height_with_its_words() -> None:
    drawing = draw(make_curve(50, 30, 0, 20), Line(50, "Answer 50"))
    heights = re.findall(r'<line class="line" x2="100%" y1="(\d+)"', drawing)
    assert heights == ["112"]  # half of the plot of 180 pixels, which begins 22 pixels down
    assert "Answer 50</text>" in drawing


def test_a_chart_has_one_label_and_is_well_formed() -> None:
    root = ElementTree.fromstring(f'<html xmlns="http://www.w3.org/2000/svg">{draw(make_curve(1, 2, 3))}</html>')
    (svg,) = root
    assert (svg.get("role"), svg.get("aria-label")) == ("img", "Signatures")


def test_the_next_threshold_is_drawn_once_a_quarter_of_it_is_there() -> None:
    met, far = make_threshold(needed=10, met=True), make_threshold(needed=401)
    view = make_petition(count=100, thresholds=(met, far))
    assert [line.needed for line in choose_lines(view, language="en")] == [10]
    near = make_threshold(needed=400)
    view = make_petition(count=100, thresholds=(met, near, make_threshold(needed=450)))
    assert choose_lines(view, language="ko") == [Line(10, "정부 답변 10"), Line(400, "정부 답변 400")]


def test_a_threshold_above_the_picture_is_said() -> None:
    view = make_petition(count=100, thresholds=(make_threshold(needed=401),))
    shown = show_curve(view, make_curve(60, 40), now=NOW, language="en")
    assert shown["above"] == 401
    assert "401" not in shown["drawing"]


def test_a_page_changes_by_the_hour_and_not_by_the_second() -> None:
    view, curve = make_petition(count=100), make_curve(60, 40)
    first = show_curve(view, curve, now=NOW.replace(minute=1), language="en")
    assert show_curve(view, curve, now=NOW.replace(minute=59), language="en") == first


@given(st.integers(1, 4_000_000_000))
def test_an_axis_ends_above_the_most_at_four_whole_steps(most: int) -> None:
    top = find_top(most)
    assert most <= top <= max(2 * most, 4)
    assert top % 4 == 0


@given(st.lists(st.integers(0, 9), min_size=1, max_size=900))
def test_a_table_has_few_rows_whose_sum_is_the_count(added: list[int]) -> None:
    curve = make_curve(*added)
    rows = make_rows(curve)
    assert len(rows) <= MOST_ROWS
    assert sum(row.added for row in rows) == rows[-1].count == curve[-1].count


def test_days_are_the_rows_of_a_month() -> None:
    rows = make_rows(make_curve(5, 0, 7))
    assert [(row.begins.isoformat(), row.added, row.count) for row in rows] == [
        ("2026-10-31", 5, 5),
        ("2026-11-01", 0, 5),
        ("2026-11-02", 7, 12),
    ]


def test_what_lies_on_a_level_way_is_left_out() -> None:
    assert drop_repeated([(0, 9), (0, 9), (3, 9), (7, 9), (7, 5), (9, 5)]) == [(0, 9), (7, 9), (7, 5), (9, 5)]


def test_an_axis_counts_in_ten_thousands_in_korean() -> None:
    assert [say_tick(50_000, "ko"), say_tick(50_000, "en"), say_tick(2_500, "ko")] == ["5만", "50,000", "2,500"]


def test_every_region_of_korea_has_a_tile_of_its_own_with_name_and_rate() -> None:
    assert len(KOREA) == 17
    with translation.override("ko"):
        drawing = draw_map(KOREA, label="x")
    for said in ("서울", "세종", "제주"):
        assert f">{said}</text>" in drawing
    assert len(set(re.findall(r'<rect x="(\d+%)" y="(\d+)"', drawing))) == 17
    assert {"t1", "t5"} <= set(re.findall(r'class="(t\d)"', drawing)) <= {"t1", "t2", "t3", "t4", "t5"}
    assert f">{format_rate(KOREA['KR-11'], 'KR-11')}</text>" in drawing


def test_tiles_do_not_lie_on_one_another_within_a_country() -> None:
    for country in ("KR", "GB"):
        places = [place for code, place in TILES.items() if code.startswith(country)]
        assert len(set(places)) == len(places)
    assert set(TILES) <= set(RESIDENTS) <= set(NAMES)


def test_regions_without_tiles_get_bars() -> None:
    shown = show_regions({"AT": 5, "DE": 50})
    assert (shown["drawing"], shown["with_rates"]) == ("", False)
    assert [row["name"] for row in shown["rows"]] == ["Germany", "Austria"] or translation.get_language() == "ko"
    assert not has_map({"AT", "KR-11"})


@pytest.mark.parametrize(
    ("count", "rate"), [(0, "0.00"), (250, "0.26"), (9_330, "10.0"), (9_329, "9.99"), (1_831_900, "1,963.4")]
)
def test_rates_are_rounded_down(count: int, rate: str) -> None:
    assert format_rate(count, "KR-11") == rate


def test_charts_are_small() -> None:
    curve = make_curve(*(7919 * number % 9973 for number in range(120)), hours=6)
    assert len(gzip.compress(draw(curve, Line(200_000, "Answer 200,000")).encode())) <= 3_000
    assert len(gzip.compress(draw_map(KOREA, label="x").encode())) <= 8_000
