"""Writes docs/reference/data.md from the tables' columns: `python tests/web/data_page.py`."""

from pathlib import Path

from maninso.web.api.columns import TABLES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "data.md"
HEAD = """\
# Tables

What the site gives away whole, in CSV and Apache Parquet; `/data.json` says the same for programs, and names the
licence (`MANINSO_DATA_LICENCE`), as the `Link` header of every table does.

Types: `integer`; `text` (UTF-8); `day` (`2026-11-30`); `moment` (UTC, `2026-11-21T03:00:00.000Z`; in Parquet a
timestamp in milliseconds); `boolean` (in CSV `yes` or `no`). What is not known is empty in CSV and null in Parquet.

Nobody can be found in these tables: a signature has no name, address, time or network, only what its entry in the
public ledger says. Counts by region come down to one person where few signed; whoever publishes from them should not.
"""


def render() -> str:
    """Return the page."""
    parts = [HEAD]
    for table in TABLES:
        parts.append(f"\n## {table.name.capitalize()}\n")
        parts.append(f"\n{table.about}: `{table.place}.csv`, `{table.place}.parquet`.\n")
        parts.append("\n| CSV | Parquet | type | what it holds |\n|---|---|---|---|\n")
        parts += [f"| {each.label} | `{each.name}` | {each.kind} | {each.about} |\n" for each in table.columns]
    parts.append(FOOT)
    return "".join(parts)


FOOT = """
Reasons of voids are [the ledger's](ledger.md). To read a table with [DuckDB](https://duckdb.org):

```
SELECT day, count(*) FILTER (WHERE void IS NULL) FROM 'signatures.parquet' GROUP BY day ORDER BY day;
```
"""

if __name__ == "__main__":
    PAGE.write_text(render())
