"""Charts of a petition's count, drawn as SVG on the server: the colours are the style sheet's, the words the page's.

A chart has no fixed width: what is drawn stretches, and words keep their size on a phone. Coordinates are integers in
attributes, or percentages. Beside each stands a table that says the same, so a chart needs one label and no more.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from maninso.petitions.access import PetitionView, Stretch
from maninso.web.shared.formats import format_number, format_short_day, local
from maninso.web.shared.regions import RESIDENTS, TILES, format_rate, has_map, has_rates, name_region

SIDE = 1000  # units of the plot, both ways, however wide it is shown
TOP, PLOT, BOTTOM = 22, 180, 26  # pixels: room for the highest label, the plot, the days below it
LEAST_SHARE = 4  # the next threshold is in the picture once a quarter of it is there
MOST_ROWS = 31  # of a table
_TICKS = 4
_STEPS = (10, 20, 25, 30, 40, 50, 60, 80, 100)  # tenths of a power of ten: how far apart an axis's marks may lie
_TILE_WIDTH, _TILE_HEIGHT, _GAP = 25, 60, 4  # percent; pixels; pixels


@dataclass(frozen=True)
class Line:
    """A threshold in a chart: how many signatures, and what it is called."""

    needed: int
    label: str


@dataclass(frozen=True)
class Row:
    """A row of the table beside a curve: a day, or some days from `begins` on."""

    begins: dt.date
    ends: dt.date  # the last day
    added: int
    count: int


def choose_lines(view: PetitionView, *, language: str) -> list[Line]:
    """Return the thresholds that are met and the next one, where the count comes near enough to it to be seen."""
    lines = []
    for threshold in view.thresholds:
        if threshold.met or view.count * LEAST_SHARE >= threshold.needed:
            words = threshold.label.get(language) or next(iter(threshold.label.values()), "")
            lines.append(Line(threshold.needed, f"{words} {format_number(threshold.needed)}".strip()))
        if not threshold.met:
            break
    return lines


def make_rows(curve: Sequence[Stretch]) -> list[Row]:
    """Return a curve by the day; by seven or more days where there would be too many rows."""
    first = curve[0].begins.date()
    lasted = (curve[-1].begins.date() - first).days + 1
    days = next(each for each in (1, 7, 28, 7 * (lasted // 7 // MOST_ROWS + 1)) if lasted <= each * MOST_ROWS)
    rows = []
    for number, group in groupby(curve, key=lambda stretch: (stretch.begins.date() - first).days // days):
        stretches = list(group)
        begins = first + dt.timedelta(days=number * days)
        added = sum(stretch.added for stretch in stretches)
        rows.append(Row(begins, begins + dt.timedelta(days=days - 1), added, stretches[-1].count))
    return rows


def find_top(most: int) -> int:
    """Return where an axis ends whose largest value is `most`: four round steps."""
    size = 1
    while 10 * size * _TICKS < most:
        size *= 10
    return next(step for each in _STEPS if (step := each * size // 10 * _TICKS) >= most and each * size % 10 == 0)


def say_tick(value: int, language: str) -> str:
    """Return a number of an axis: in Korean by the ten thousand."""
    if language == "ko" and value and value % 10_000 == 0:
        return f"{format_number(value // 10_000)}만"
    return format_number(value)


def draw_curve(
    curve: Sequence[Stretch], *, ends: dt.datetime, lines: Sequence[Line], label: str, language: str
) -> SafeString:
    """Return the count over time as a line, what came day by day as bars, and the thresholds as dashed lines."""
    begins = curve[0].begins
    whole = max((ends - begins).total_seconds(), 3600.0)
    top = find_top(max([each.count for each in curve] + [line.needed for line in lines] + [_TICKS]))

    def across(when: dt.datetime) -> int:
        return max(0, min(SIDE, round((when - begins).total_seconds() * SIDE / whole)))

    def down(value: int, side: int) -> int:
        return side - round(max(value, 0) * side / top)

    points = [(0, SIDE)]
    for before, stretch in zip((None, *curve), curve, strict=False):
        points.append((across(stretch.begins), down(before.count if before else 0, SIDE)))
        points.append((across(stretch.ends), down(stretch.count, SIDE)))
    points.append((SIDE, points[-1][1]))
    path = "M" + "L".join(f"{x} {y}" for x, y in drop_repeated(points))
    bars = []
    for row in make_rows(curve):
        left = across(dt.datetime.combine(row.begins, dt.time(), begins.tzinfo))
        right = across(dt.datetime.combine(row.ends + dt.timedelta(days=1), dt.time(), begins.tzinfo))
        y = down(row.added, SIDE)
        if y < SIDE:
            bars.append((left + 2, max(right - left - 4, 2), y, SIDE - y))
    steps = range(top // _TICKS, top + 1, top // _TICKS)
    ticks = [(TOP + down(value, PLOT), say_tick(value, language)) for value in steps]
    return format_html(
        '<svg class="chart" width="100%" height="{height}" role="img" aria-label="{label}">{grid}'
        '<svg y="{plot_at}" width="100%" height="{plot}" viewBox="0 0 {side} {side}" preserveAspectRatio="none">'
        '{bars}<path class="area" d="{path}V{side}z"/><path class="curve" d="{path}"/></svg>{ticks}{lines}{days}</svg>',
        height=TOP + PLOT + BOTTOM,
        label=label,
        grid=format_html_join("", '<line class="grid" x2="100%" y1="{0}" y2="{0}"/>', ((y,) for y, _said in ticks)),
        ticks=format_html_join("", '<text y="{}">{}</text>', ((y - 4, said) for y, said in ticks)),
        plot_at=TOP,
        plot=PLOT,
        side=SIDE,
        bars=format_html_join("", '<rect class="bar" x="{}" width="{}" y="{}" height="{}"/>', bars),
        path=path,
        lines=format_html_join(
            "",
            '<line class="line" x2="100%" y1="{0}" y2="{0}"/><text class="line" x="100%" y="{1}">{2}</text>',
            ((TOP + down(line.needed, PLOT), TOP + down(line.needed, PLOT) - 5, line.label) for line in lines),
        ),
        days=_draw_days(begins, ends, language),
    )


def drop_repeated(points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the points of a line without those that lie on the straight way between their neighbours."""
    kept = [points[0]]
    for point, after in zip(points[1:], (*points[2:], None), strict=True):
        flat = after is not None and kept[-1][1] == point[1] == after[1]
        if point != kept[-1] and not flat:
            kept.append(point)
    return kept


def _draw_days(begins: dt.datetime, ends: dt.datetime, language: str) -> SafeString:
    days = ((ends - dt.timedelta(microseconds=1)).date() - begins.date()).days
    places = ((0, "start"), (50, "middle"), (100, "end")) if days >= 4 else ((0, "start"), (100, "end"))
    marks = []
    for place, anchor in places[: days + 1]:
        day = (begins + (ends - begins) * place / 100 - dt.timedelta(microseconds=place > 0)).date()
        marks.append((f"{place}%", anchor, TOP + PLOT + 18, format_short_day(day, language, with_year=days > 300)))
    return format_html_join("", '<text x="{}" text-anchor="{}" y="{}">{}</text>', marks)


def draw_map(counts: Mapping[str, int], *, label: str) -> SafeString:
    """Return a schematic map whose tiles are the darker the more of a region's residents signed, with the rates."""
    most = max(count * 1000 // RESIDENTS[code] for code, count in counts.items()) or 1
    rows = max(TILES[code][1] for code in counts) + 1
    tiles = []
    for code, count in sorted(counts.items(), key=lambda pair: TILES[pair[0]][::-1]):
        column, row = TILES[code]
        shade = min(4, count * 1000 // RESIDENTS[code] * 5 // most) + 1
        y = row * _TILE_HEIGHT
        tiles.append(
            (
                f"t{shade}",
                f"{column * _TILE_WIDTH}%",
                y,
                f"{_TILE_WIDTH - 1}%",
                _TILE_HEIGHT - _GAP,
                f"{column * _TILE_WIDTH + _TILE_WIDTH // 2}%",
                y + 24,
                name_region(code),
                y + 42,
                format_rate(count, code),
            )
        )
    return format_html(
        '<svg class="map" width="100%" height="{}" role="img" aria-label="{}">{}</svg>',
        rows * _TILE_HEIGHT - _GAP,
        label,
        format_html_join(
            "",
            '<g class="{0}"><rect x="{1}" y="{2}" width="{3}" height="{4}" rx="5"/>'
            '<text x="{5}" y="{6}">{7}</text><text x="{5}" y="{8}">{9}</text></g>',
            tiles,
        ),
    )


def show_curve(view: PetitionView, curve: Sequence[Stretch], *, now: dt.datetime, language: str) -> dict[str, Any]:
    """Return what the template of a petition's chart needs: the drawing, and the table that says the same."""
    lines = choose_lines(view, language=language)
    # By the hour, so that a page changes no oftener than what it shows.
    ends = max(local(view.closed_at or now.replace(minute=0, second=0, microsecond=0), view.time_zone), curve[-1].ends)
    rows, drawn = make_rows(curve), {line.needed for line in lines}
    label = _("Signatures over time") + "".join(f"; {line.label}" for line in lines)
    return {
        "drawing": draw_curve(curve, ends=ends, lines=lines, label=label, language=language),
        "rows": rows,
        "above": next((each.needed for each in view.thresholds if not each.met and each.needed not in drawn), None),
        "by_day": all(row.begins == row.ends for row in rows),
    }


def show_regions(counts: Mapping[str, int]) -> dict[str, Any]:
    """Return what the template of the regions needs: a map where there is one, and a table with the most on top."""
    with_map, with_rates = has_map(counts), has_rates(counts)
    most = max(counts.values())
    rows = [
        {
            "name": name_region(code),
            "count": count,
            "most": most,
            "rate": format_rate(count, code) if with_rates else "",
        }
        for code, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    label = _("Signatures for each 10,000 residents, by region")
    return {"rows": rows, "with_rates": with_rates, "drawing": draw_map(counts, label=label) if with_map else ""}
