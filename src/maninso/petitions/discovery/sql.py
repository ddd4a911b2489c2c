"""The SQL of search by name; read from queries.sql, never built."""

from importlib.resources import files

from maninso.signing.queries import read_queries

QUERIES = read_queries(files(__package__).joinpath("queries.sql").read_text(encoding="utf-8"))
VECTORS = files(__package__).joinpath("vectors.sql").read_text(encoding="utf-8")
