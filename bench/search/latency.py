"""How long search and similar petitions take on a large site, over HTTP, one request after the other.

    .venv/bin/python bench/search/latency.py ARCHIVE [--petitions 500000] [--home FOLDER] [--vectors-of FOLDER]

The site is made up: titles and texts are sentences of the archive's petitions, mixed. With `--vectors-of`, the folder
of a site that has the archive's vectors (quality.py makes one), vectors are mixtures of those; else words alone are
measured. Prints the median and the 95th percentile of each round, the processor's time that an answer took (other
programs on the machine make answers wait, and hardly change that), and the plans of the queries.
"""

import argparse
import datetime as dt
import gzip
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from serving import maninso, own_environment, processor_seconds, serve_site

SENTENCES = 20_000
ROUNDS, QUESTIONS, DRAFTS = 3, 60, 25
REAL = "similar, real drafts"
WARMED_BY = 20  # questions before those that count, as on a site that has been up for a minute

FILL = """
INSERT INTO petitions_petition (state, title, body, language, topic, creator_name, charter_id, length, needed,
    text_digest, created_at, opened_at, closes_at, closed_at, updated_at, reason_code, reason_note, source, source_id,
    source_status, reported_count)
SELECT 'closed', left(t.text, 80), concat_ws(' ', a.text, b.text, c.text, d.text, e.text, f.text), 'ko',
    'topic ' || n % 20, '', (SELECT min(id) FROM petitions_charterversion), '', '{}', sha256(n::text::bytea),
    day, day, day + interval '30 days', day + interval '30 days', day, '', '', 'bench', n::text, '', n % 5000
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
CROSS JOIN LATERAL (SELECT timestamptz '2020-01-01' + n * interval '1 minute') AS moment (day)
JOIN bench_sentence t ON t.id = (hashint8extended(n, 0) & 2147483647) %% %(sentences)s
JOIN bench_sentence a ON a.id = (hashint8extended(n, 1) & 2147483647) %% %(sentences)s
JOIN bench_sentence b ON b.id = (hashint8extended(n, 2) & 2147483647) %% %(sentences)s
JOIN bench_sentence c ON c.id = (hashint8extended(n, 3) & 2147483647) %% %(sentences)s
JOIN bench_sentence d ON d.id = (hashint8extended(n, 4) & 2147483647) %% %(sentences)s
JOIN bench_sentence e ON e.id = (hashint8extended(n, 5) & 2147483647) %% %(sentences)s
JOIN bench_sentence f ON f.id = (hashint8extended(n, 6) & 2147483647) %% %(sentences)s
"""
INDEX = """
INSERT INTO petition_search (petition_id, grams, digest)
SELECT p.id, array_to_tsvector(
        ARRAY(SELECT '.' || g FROM unnest(t.grams) AS g) || t.grams || a.grams || b.grams || c.grams
        || ARRAY(SELECT ':' || g FROM unnest(d.grams || e.grams || f.grams) AS g)), ''
FROM petitions_petition p
CROSS JOIN LATERAL (SELECT p.source_id::bigint) AS number (n)
JOIN bench_sentence t ON t.id = (hashint8extended(n, 0) & 2147483647) %% %(sentences)s
JOIN bench_sentence a ON a.id = (hashint8extended(n, 1) & 2147483647) %% %(sentences)s
JOIN bench_sentence b ON b.id = (hashint8extended(n, 2) & 2147483647) %% %(sentences)s
JOIN bench_sentence c ON c.id = (hashint8extended(n, 3) & 2147483647) %% %(sentences)s
JOIN bench_sentence d ON d.id = (hashint8extended(n, 4) & 2147483647) %% %(sentences)s
JOIN bench_sentence e ON e.id = (hashint8extended(n, 5) & 2147483647) %% %(sentences)s
JOIN bench_sentence f ON f.id = (hashint8extended(n, 6) & 2147483647) %% %(sentences)s
WHERE p.source = 'bench' AND n BETWEEN %(first)s AND %(last)s
"""
VECTORS = """
INSERT INTO petition_vector (petition_id, model, digest, title_stretch, lead_stretch, bits, e)
SELECT p.id, 1, '', a.title_stretch, a.lead_stretch, binary_quantize(mixed.e)::bit(768), mixed.e
FROM petitions_petition p
CROSS JOIN LATERAL (SELECT p.source_id::bigint) AS number (n)
JOIN bench_vector a ON a.id = (hashint8extended(n, 0) & 2147483647) %% %(vectors)s
JOIN bench_vector b ON b.id = (hashint8extended(n, 1) & 2147483647) %% %(vectors)s
JOIN bench_vector c ON c.id = (hashint8extended(n, 2) & 2147483647) %% %(vectors)s
CROSS JOIN LATERAL (SELECT l2_normalize((a.e + a.e + b.e + c.e)::vector)) AS unit (e)
CROSS JOIN LATERAL (SELECT (unit.e * array_fill(1.4142, ARRAY[768])::vector)::halfvec(768)) AS mixed (e)
WHERE p.source = 'bench' AND n BETWEEN %(first)s AND %(last)s
"""
WORDS_INDEX = (
    "CREATE INDEX IF NOT EXISTS petition_search_grams ON petition_search USING gin (grams) WITH (fastupdate = off)"
)
MEANINGS_INDEX = "CREATE INDEX IF NOT EXISTS petition_vector_bits ON petition_vector USING hnsw (bits bit_hamming_ops)"
STEP = 20_000
PLANNED = ("횡단보도 신호 시간", "국민 안전", "safer crosswalks")


def read_petitions(archive: Path) -> Iterator[tuple[str, str]]:
    """Give titles and texts of the archive's petitions."""
    for path in sorted(archive.glob("petitions_*")):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for line in data.decode().splitlines():
            row = json.loads(line)
            yield row["title"], row["content"]


def read_sentences(archive: Path) -> list[str]:
    """Return sentences of the archive's texts, all different."""
    found: dict[str, None] = {}
    for title, text in read_petitions(archive):
        for sentence in re.split(r"(?<=[.!?])\s+", f"{title}. {text}"):
            if 20 <= len(sentence) <= 200:
                found.setdefault(" ".join(sentence.split()).replace("\0", ""))
    return random.Random(1).sample(sorted(found), min(SENTENCES, len(found)))


def fill(archive: Path, petitions: int, vectors_of: Path | None) -> None:
    """Make the site, or what is missing of it: broken off, it goes on where it was."""
    maninso("import", "blue-house", str(sorted(archive.glob("petitions_*"))[0]))  # brings a charter with it
    from maninso.run.database import open_site
    from maninso.run.settings import read_settings

    vectors = copy_vectors(vectors_of) if vectors_of else []
    with open_site(read_settings()):
        from django.db import connection, transaction

        from maninso.petitions.discovery import count_grams, index_batch
        from maninso.petitions.models import GramCount, Petition

        made = Petition.objects.filter(source="bench").count()
        if made >= petitions and GramCount.objects.filter(petitions__gte=petitions).exists():
            return
        while index_batch():
            pass
        sentences = read_sentences(archive)
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '1GB'")
            if made < petitions:
                prepare(cursor, sentences, vectors)
            for first in range(made + 1, petitions + 1, STEP):
                size = {"first": first, "last": min(first + STEP - 1, petitions)}
                with transaction.atomic():
                    cursor.execute(FILL.replace(" % ", " %% "), {**size, "sentences": len(sentences)})
                    cursor.execute(INDEX, {**size, "sentences": len(sentences)})
                    if vectors:
                        cursor.execute(VECTORS, {**size, "vectors": len(vectors)})
                print(f"made {size['last']:,} petitions", file=sys.stderr)
            timed(cursor, "index of words", WORDS_INDEX)
            if vectors:
                timed(cursor, "index of meanings", MEANINGS_INDEX)
            cursor.execute("ALTER TABLE petitions_petition ENABLE TRIGGER petition_search_is_due")
            cursor.execute("VACUUM ANALYZE")
        started = time.monotonic()
        count_grams(now=dt.datetime.now(dt.UTC), always=True)
        print(f"counting grams: {time.monotonic() - started:.0f} s")


def prepare(cursor: Any, sentences: list[str], vectors: list[tuple[int, float, float, str]]) -> None:
    """Bring in what petitions are mixed from, and drop the indexes until there are petitions."""
    from maninso.petitions.discovery.grams import list_grams

    rows = [(number, text, sorted(set(list_grams(text)))) for number, text in enumerate(sentences)]
    cursor.execute("SET synchronous_commit = off")
    cursor.execute("ALTER TABLE petitions_petition DISABLE TRIGGER petition_search_is_due")
    cursor.execute("DROP TABLE IF EXISTS bench_sentence, bench_vector")
    cursor.execute("CREATE TABLE bench_sentence (id bigint PRIMARY KEY, text text, grams text[])")
    cursor.executemany("INSERT INTO bench_sentence VALUES (%s, %s, %s)", rows)
    columns = "id bigint PRIMARY KEY, title_stretch real, lead_stretch real, e halfvec(768)"
    cursor.execute(f"CREATE TABLE bench_vector ({columns})")
    if vectors:
        cursor.executemany("INSERT INTO bench_vector VALUES (%s, %s, %s, %s)", vectors)
    cursor.execute("ANALYZE bench_sentence, bench_vector")
    cursor.execute("DROP INDEX IF EXISTS petition_search_grams, petition_vector_bits")


def timed(cursor: Any, what: str, statement: str) -> None:
    """Execute a statement and print how long it took."""
    started = time.monotonic()
    cursor.execute(statement)
    print(f"{what}: {time.monotonic() - started:.0f} s")


VECTORS_OF = """
import json
from maninso.run.database import open_site
from maninso.run.settings import read_settings
with open_site(read_settings()):
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_number() OVER () - 1, title_stretch, lead_stretch, e::text FROM petition_vector")
        print(json.dumps(cursor.fetchall()))
"""


def copy_vectors(home: Path) -> list[tuple[int, float, float, str]]:
    """Return the vectors that the site of another folder has."""
    environment = own_environment(MANINSO_HOME=str(home.absolute()))
    done = subprocess.run([sys.executable, "-c", VECTORS_OF], env=environment, check=True, stdout=subprocess.PIPE)
    return [tuple(row) for row in json.loads(done.stdout)]


def measure(url: str, site: int, petitions: int, drafts: list[tuple[str, str]]) -> None:
    """Ask, and print how long the answers took; hardly a question is asked twice."""
    rnd = random.Random(7)
    texts = []
    for _ in range(8):
        page = rnd.randrange(1, petitions // 60)
        with urllib.request.urlopen(f"{url}/petitions.json?count=50&page={page}") as answer:
            rows = json.load(answer)["data"]
        texts += [(row["attributes"]["action"], row["attributes"]["background"]) for row in rows]
    for part, asked, count in (
        ("search", texts, QUESTIONS),
        ("similar", texts, DRAFTS),
        (REAL, drafts, DRAFTS),
    ):
        for _ in range(WARMED_BY):
            ask(make_address(url, part, *rnd.choice(asked), rnd))
        rounds, taken = [], processor_seconds(site)
        for _ in range(ROUNDS):
            times = sorted(ask(make_address(url, part, *rnd.choice(asked), rnd)) for _ in range(count))
            rounds.append((statistics.median(times), times[int(len(times) * 0.95)]))
        each = (processor_seconds(site) - taken) * 1000 / (ROUNDS * count)
        shown = "; ".join(f"p50 {median:.0f} ms, p95 {high:.0f} ms" for median, high in rounds)
        print(f"{part}: {shown}; processor {each:.0f} ms an answer; load {os.getloadavg()[0]:.1f}", flush=True)


def ask(address: str) -> float:
    """Return in how many milliseconds an answer came."""
    started = time.perf_counter()
    with urllib.request.urlopen(address) as answer:
        answer.read()
    return (time.perf_counter() - started) * 1000


def make_address(url: str, part: str, title: str, text: str, rnd: random.Random) -> str:
    """Return a question of two to four words, or a draft."""
    words = title.split()
    start = 0 if part == REAL else rnd.randrange(max(1, len(words) - 2))
    if part == "search":
        query = " ".join(words[start : start + rnd.randint(2, 4)])
        return f"{url}/petitions.json?{urllib.parse.urlencode({'q': query})}"
    return f"{url}/api/v1/similar?{urllib.parse.urlencode({'title': ' '.join(words[start:]), 'text': text})}"


def explain() -> None:
    """Print the plans, as they are executed: of questions of rare words, of common ones and in letters, of a draft."""
    from maninso.run.database import open_site
    from maninso.run.settings import read_settings

    asked: list[tuple[str, Any]] = []

    def record(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if "petition_search" in sql or "petition_vector" in sql:
            asked.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with open_site(read_settings()):
        from django.db import connection

        from maninso.petitions.discovery import Wanted, find_similar, list_choices, search_petitions

        now, choices = dt.datetime.now(dt.UTC), list_choices()
        with connection.execute_wrapper(record):
            for query in PLANNED:
                wanted = Wanted(query=query, sort="relevance")
                search_petitions(wanted=wanted, choices=choices, page=1, per_page=20, now=now)
            find_similar(title=PLANNED[0], text=PLANNED[1], now=now)
        with connection.cursor() as cursor:
            for sql, parameters in asked:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", parameters)
                print("", *(line[:140] for (line,) in cursor.fetchall()), sep="\n")


def main() -> None:
    """Fill and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--petitions", type=int, default=500_000)
    parser.add_argument("--home", type=Path, default=Path("var/bench-search-large"))
    parser.add_argument("--vectors-of", type=Path)
    given = parser.parse_args()
    os.environ["MANINSO_HOME"] = str(given.home.absolute())
    fill(given.archive, given.petitions, given.vectors_of)
    # As people type them: the whole title, and the beginning that is looked at.
    drafts = [(title.strip(), " ".join(text.split())[:300]) for title, text in read_petitions(given.archive)]
    for name, semantic in (("words alone", "0"), *((("with meanings", "1"),) if given.vectors_of else ())):
        with serve_site(MANINSO_SEMANTIC=semantic) as (url, site):
            print(f"-- {name}, {given.petitions:,} petitions", flush=True)
            measure(url, site, given.petitions, drafts)
            if semantic == "1" or not given.vectors_of:  # whose encoder answers this process, too
                explain()


if __name__ == "__main__":
    main()
