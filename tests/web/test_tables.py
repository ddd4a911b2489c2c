"""Tables that are taken away whole: the same rows in CSV and Parquet, nothing of anybody, and what is in them."""

import csv
import dataclasses
import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from django.db.models import F
from django.test import Client
from pyarrow import parquet
from tests.web.data_page import PAGE, render

from maninso.petitions.lifecycle import Actor
from maninso.petitions.models import Obligation
from maninso.petitions.obligations import answer, board
from maninso.petitions.opendata import signatures
from maninso.signing.voids import reinstate_leaves, void_leaves
from maninso.web.api import exports, writing
from maninso.web.api.columns import TABLES, Column, Table

pytestmark = pytest.mark.django_db


def read_csv(client: Client, path: str) -> list[dict[str, str]]:
    answered = client.get(path)
    assert answered.status_code == 200
    assert answered.headers["Link"] == '<https://creativecommons.org/licenses/by/4.0/>; rel="license"'
    text = b"".join(answered.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text, newline="")))


def read_parquet(client: Client, path: str) -> pa.Table:
    answered = client.get(path)
    assert (answered.status_code, answered.headers["Content-Type"]) == (200, "application/vnd.apache.parquet")
    return parquet.read_table(io.BytesIO(b"".join(answered.streaming_content)))  # type: ignore[attr-defined]


def as_csv(table: Table, rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Give rows of a Parquet file as the CSV of the same table has them."""
    batch = [tuple(row[column.name] for column in table.columns) for row in rows]
    text = b"".join(writing.write_csv(table, [batch])).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def signed(opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime, monkeypatch: pytest.MonkeyPatch) -> int:
    """A petition with 60 signatures, of which the second and third were voided and the third was reinstated."""
    from django.db import connection

    monkeypatch.setattr(signatures, "BATCH", 7)
    monkeypatch.setattr(exports, "BATCH", 1)
    petition = opened(title="=Sundays")
    sign(petition, 60)
    seal(now)
    with connection.cursor() as cursor:
        given = {"petition_id": petition, "reason": 5, "decision": bytes(32), "now": now, "batch_id": 1}
        void_leaves(cursor, leaf_indices=[2, 3], **given)
        reinstate_leaves(cursor, leaf_indices=[3], **given | {"batch_id": 2})
    return petition


def test_signatures(client: Client, signed: int, seal: Any, now: dt.datetime) -> None:
    rows = read_csv(client, f"/petitions/{signed}/signatures.csv")
    assert [int(row["Leaf"]) for row in rows] == list(range(1, 61))
    assert {row["Day"] for row in rows} <= {(now - dt.timedelta(days=day)).date().isoformat() for day in (0, 1, 2)}
    assert {(row["Region"], row["Assurance"], row["Void"]) for row in rows} == {("", "1", "")}


def test_a_void_shows_once_a_checkpoint_covers_it(client: Client, signed: int, seal: Any, now: dt.datetime) -> None:
    assert {row["Void"] for row in read_csv(client, f"/petitions/{signed}/signatures.csv")} == {""}
    seal(now)
    rows = read_csv(client, f"/petitions/{signed}/signatures.csv")
    assert [row["Leaf"] for row in rows if row["Void"]] == ["2"]
    assert len(rows) == 60
    table = read_parquet(client, f"/petitions/{signed}/signatures.parquet")
    assert table.schema.field("day").type == pa.date32()
    assert table.schema.field("void").metadata[b"description"].startswith(b"Why it does not count")
    assert as_csv(exports.SIGNATURES, table.to_pylist()) == rows
    voids = read_csv(client, f"/petitions/{signed}/voids.csv")
    assert [(row["Signature"], row["Effect"]) for row in voids] == [("3", "1"), ("3", "-1"), ("2", "-1")]
    assert as_csv(exports.VOIDS, read_parquet(client, f"/petitions/{signed}/voids.parquet").to_pylist()) == voids


def test_petitions_and_obligations(client: Client, signed: int, opened: Callable[..., int], now: dt.datetime) -> None:
    opened(title="Other")
    (row,) = board(now=now).rows
    given = {"author": "+The library", "summary": 'Yes, "from March".', "body": "", "language": "en"}
    answer(row.obligation_id, **given, now=now, actor=Actor(role="clerk"))
    petitions = read_csv(client, "/petitions.csv?sort=newest")
    assert sorted(each["Petition"] for each in petitions) == ["'=Sundays", "Other"]
    assert as_csv(exports.PETITIONS, read_parquet(client, "/petitions.parquet?sort=newest").to_pylist()) == petitions
    (owed,) = read_csv(client, "/obligations.csv")
    assert (owed["Petition"], owed["Title"], owed["Overdue"]) == (str(signed), "'=Sundays", "no")
    assert (owed["Answered By"], owed["Answer"]) == ("'+The library", 'Yes, "from March".')
    table = read_parquet(client, "/obligations.parquet")
    assert as_csv(exports.OBLIGATIONS, table.to_pylist()) == [owed]
    assert table.to_pylist()[0]["title"] == "=Sundays"
    assert read_csv(client, "/obligations.csv?status=overdue") == []


@pytest.mark.parametrize(("state", "column"), [("declined", "Declined For"), ("lapsed", "Lapsed For")])
def test_a_debt_that_ended_otherwise_says_for_what(client: Client, signed: int, state: str, column: str) -> None:
    reason = "decline_reason" if state == "declined" else "lapse_reason"
    Obligation.objects.filter(petition=signed).update(state=state, settled_at=F("met_at"), **{reason: "a-ground"})
    (owed,) = read_csv(client, "/obligations.csv")
    assert (owed["State"], owed[column]) == (state, "a-ground")
    assert {owed["Declined For"], owed["Lapsed For"]} == {"a-ground", ""}


def test_refusals(client: Client, opened: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    petition = opened()
    for ending in ("csv", "parquet"):
        for name in ("signatures", "voids"):
            assert client.get(f"/petitions/999999/{name}.{ending}").json()["type"] == "/problems/no-ledger"
            assert client.get(f"/petitions/x/{name}.{ending}").status_code == 400
    monkeypatch.setattr(writing, "find_spec", lambda name: None)
    refused = client.get("/petitions.parquet")
    assert (refused.status_code, refused.json()["type"]) == (406, "/problems/no-parquet")
    assert client.get("/petitions.csv").status_code == 200
    assert petition


def test_an_empty_table_is_one_all_the_same() -> None:
    table = Table("x", "/x", "", (Column("A", "a", "integer", ""), Column("B", "b", "text", "")))
    assert b"".join(writing.write_csv(table, [])) == b"A,B\r\n"
    assert b"".join(writing.write_csv(table, [[(None, None)]])) == b"A,B\r\n,\r\n"
    for batches in ([], [[]], [[(1, "x")], [], [(None, None)]]):
        made = parquet.read_table(io.BytesIO(b"".join(writing.write_parquet(table, batches))))
        assert made.num_rows == sum(map(len, batches))


def test_the_dictionary_says_what_the_files_hold(client: Client, settings: Any) -> None:
    body = client.get("/data.json").json()
    assert body["licence"] == {"name": "CC-BY-4.0", "url": "https://creativecommons.org/licenses/by/4.0/"}
    assert [table["name"] for table in body["tables"]] == [table.name for table in TABLES]
    (table,) = [each for each in body["tables"] if each["name"] == "signatures"]
    assert table["columns"][0] == {
        "csv": "Leaf",
        "parquet": "leaf",
        "type": "integer",
        "about": "The entry of the ledger",
    }
    settings.MANINSO = dataclasses.replace(settings.MANINSO, licence=None)
    assert client.get("/data.json").json()["licence"] is None
    assert "Link" not in client.get("/petitions.csv").headers


def test_the_reference_is_made_of_the_columns() -> None:
    assert PAGE.read_text() == render()
