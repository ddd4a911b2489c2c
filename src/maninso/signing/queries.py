"""Reads queries.sql: each query under its name. Python never builds SQL."""

import re
from importlib.resources import files

_HEADING = re.compile(r"^-- name: ([a-z_]+)\n", re.MULTILINE)


def read_queries(text: str) -> dict[str, str]:
    """Return the queries of a file by name, without their comments; a name given twice is an error."""
    parts = _HEADING.split(text)[1:]
    queries: dict[str, str] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        if name in queries:
            raise ValueError(f"two queries are named {name}")
        lines = [line for line in body.splitlines() if not line.startswith("--")]
        queries[name] = "\n".join(lines).strip()
    return queries


QUERIES = read_queries(files(__package__).joinpath("queries.sql").read_text())
