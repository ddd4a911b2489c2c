"""Writes tables as they are read, batch by batch: CSV (RFC 4180, UTF-8) and Apache Parquet.

Parquet needs the package pyarrow, which is an extra of this one (`maninso[parquet]`).
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.http import StreamingHttpResponse

from maninso.web.api.columns import Kind, Table
from maninso.web.shared.formats import format_utc
from maninso.web.shared.problems import NO_PARQUET, Refused

Batch = Sequence[tuple[Any, ...]]

CSV_TYPE = "text/csv; charset=utf-8; header=present"
PARQUET_TYPE = "application/vnd.apache.parquet"
CACHING = "public, max-age=60"
# What a spreadsheet takes for a formula, in half and full width.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def send_table(table: Table, batches: Iterable[Batch], *, ending: str, name: str) -> StreamingHttpResponse:
    """Return a table as a file called `name`, in the format of an ending: `csv` or `parquet`.

    Rows hold integers, texts, days, moments, booleans, or None. Refuses Parquet where pyarrow is not installed.
    """
    if ending == "csv":
        body, kind = write_csv(table, batches), CSV_TYPE
    elif find_spec("pyarrow") is None:
        raise Refused(NO_PARQUET)
    else:
        body, kind = write_parquet(table, batches), PARQUET_TYPE
    response = StreamingHttpResponse(body, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    response.headers["Cache-Control"] = CACHING
    if settings.MANINSO.licence is not None:
        response.headers["Link"] = f'<{settings.MANINSO.licence.address}>; rel="license"'
    return response


def write_csv(table: Table, batches: Iterable[Batch]) -> Iterator[bytes]:
    """Yield a table as CSV; a text that a spreadsheet would run as a formula gets an apostrophe in front."""
    texts = [number for number, column in enumerate(table.columns) if column.kind == "text"]
    others = [(number, column.kind) for number, column in enumerate(table.columns) if column.kind in _SAY]
    lines = io.StringIO()
    writer = csv.writer(lines, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow([column.label for column in table.columns])
    for batch in batches:
        for given in batch:
            row = list(given)
            for number in texts:
                row[number] = disarm(row[number] or "")
            for number, kind in others:
                if row[number] is not None:
                    row[number] = _SAY[kind](row[number])
            writer.writerow(row)
        yield lines.getvalue().encode()
        lines.seek(0)
        lines.truncate()
    if rest := lines.getvalue():
        yield rest.encode()


def disarm(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe is put before what starts like one."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def _say_truth(value: bool) -> str:
    return "yes" if value else "no"


def _say_day(value: dt.date) -> str:
    return value.isoformat()


_SAY: dict[Kind, Any] = {"day": _say_day, "moment": format_utc, "boolean": _say_truth}


def write_parquet(table: Table, batches: Iterable[Batch]) -> Iterator[bytes]:
    """Yield a table as Parquet, a row group a batch; the columns' meanings are in their metadata."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {
        "integer": pa.int64(),
        "text": pa.string(),
        "day": pa.date32(),
        "moment": pa.timestamp("ms", tz="UTC"),
        "boolean": pa.bool_(),
    }
    fields = [pa.field(each.name, kinds[each.kind], metadata={"description": each.about}) for each in table.columns]
    schema = pa.schema(fields)
    sink = io.BytesIO()
    with parquet.ParquetWriter(pa.PythonFile(_Onward(sink), mode="w"), schema, compression="zstd") as writer:
        for batch in batches:
            columns = list(zip(*batch, strict=True)) if batch else [()] * len(fields)
            arrays = [pa.array(list(column), type=each.type) for column, each in zip(columns, fields, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield _take(sink)
    yield _take(sink)


class _Onward(io.RawIOBase):
    """What is written here goes to the sink, which is emptied meanwhile; positions are counted as if it were not."""

    def __init__(self, sink: io.BytesIO) -> None:
        self._sink = sink
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        written = self._sink.write(data)
        self._written += written
        return written

    def tell(self) -> int:
        return self._written


def _take(sink: io.BytesIO) -> bytes:
    data = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return data
