"""The list as CSV: the whole filter, and nothing that a spreadsheet would run."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from maninso.web.api import exports
from maninso.web.api.columns import PETITIONS
from maninso.web.api.writing import disarm

CSV_HEADER = tuple(column.label for column in PETITIONS.columns)


def rows_of(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode(), newline="")))


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", " =", "＝", "＋", "－", "＠"])
def test_formulas_are_disarmed(first: str) -> None:
    assert disarm(f"{first}1+1") == f"'{first}1+1"
    assert disarm("a=1") == "a=1"
    assert disarm("") == ""


@pytest.mark.django_db
def test_the_whole_filter_over_several_batches(
    client: Client, opened: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "BATCH", 2)
    numbers = [opened(title=title) for title in ('=HYPERLINK("x")', 'A, "b"', "도서관을 열어 주세요")]
    opened(title="Other", topic="Buses")
    answer = client.get("/petitions.csv?topic=Libraries")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="petitions.csv"'
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    header, *rows = rows_of(answer)
    assert tuple(header) == CSV_HEADER
    assert sorted((row[0], int(row[4])) for row in rows) == sorted(
        zip(('\'=HYPERLINK("x")', 'A, "b"', "도서관을 열어 주세요"), numbers, strict=True)
    )
    assert {row[1] for row in rows} == {f"https://petitions.example.org/petitions/{number}" for number in numbers}


@pytest.mark.django_db
def test_an_empty_filter_is_a_header(client: Client) -> None:
    assert rows_of(client.get("/petitions.csv?q=nothing+at+all")) == [list(CSV_HEADER)]
