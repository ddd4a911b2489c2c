"""The demonstration has a petition in every state, real logs, and is made once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import psycopg
import pytest
from tests.shared import give_cluster

from maninso.charter import find_text_faults
from maninso.ledger.checkpoint import peek_checkpoint
from maninso.petitions.models import petition
from maninso.run.demo_petitions import SAMPLES
from maninso.run.demo_sample import read_sample_charter, unwrap
from maninso.run.demo_stories import GROUPED
from maninso.run.postgres import server_url

from .conftest import run_maninso


@pytest.fixture
def database(sample_home: Path) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server_url(sample_home / "postgres" / "socket"), autocommit=True) as connection:
        yield connection


def test_every_state_but_the_draft_has_a_petition(database: psycopg.Connection) -> None:
    rows = database.execute("SELECT DISTINCT state FROM petitions_petition").fetchall()
    assert {state for (state,) in rows} == set(petition.STATES) - {"draft"}


def test_every_text_keeps_to_its_charter() -> None:
    faults = {
        sample.title: find_text_faults(
            read_sample_charter(sample.charter), title=sample.title, body=unwrap(sample.body, language=sample.language)
        )
        for sample in SAMPLES
    }
    assert faults == {sample.title: () for sample in SAMPLES}
    assert {sample.language for sample in SAMPLES} == {"ko", "en"}


def test_english_texts_are_unwrapped_and_korean_lines_are_kept() -> None:
    assert unwrap("One line\nbroken.\n\nTwo.", language="en") == "One line broken.\n\nTwo."
    assert unwrap("한 줄\n두 줄", language="ko") == "한 줄\n두 줄"


def test_something_is_owed_overdue_and_kept_and_one_petition_is_about_to_meet_its_threshold(
    database: psycopg.Connection,
) -> None:
    rows = database.execute(
        "SELECT DISTINCT state, state = 'owed' AND coalesce(due_at < now(), false) FROM petitions_obligation"
    ).fetchall()
    assert set(rows) == {("owed", False), ("owed", True), ("kept", False), ("declined", False)}
    row = database.execute(
        "SELECT min(p.needed[1] - t.count) FROM petitions_petition p JOIN signing_tree t ON t.petition_id = p.id"
        " WHERE p.state = 'open' AND p.needed[1] > t.count"
    ).fetchone()
    assert row == (3,)


def test_answers_in_time_late_and_corrected_a_draft_and_outcomes_are_there(database: psycopg.Connection) -> None:
    late = "SELECT DISTINCT settled_at >= due_at FROM petitions_obligation WHERE state = 'kept' AND binding"
    assert {late for (late,) in database.execute(late).fetchall()} == {True, False, None}
    assert database.execute("SELECT max(version) FROM petitions_response").fetchone() == (2,)
    states = database.execute("SELECT DISTINCT state FROM petitions_reply").fetchall()
    assert set(states) == {("published",), ("proposed",)}
    said = database.execute("SELECT obligation_id, count(*) FROM petitions_verdict GROUP BY 1").fetchall()
    assert (len(said), min(count for _, count in said) > 30) == (5, True)
    bills = database.execute("SELECT kind, enacted_on IS NOT NULL FROM petitions_bill").fetchall()
    assert set(bills) == {("bill", True), ("bill", False), ("refusal", False), ("ruling", False)}


def test_a_day_was_moved_with_a_reason_and_two_petitions_are_one_family(database: psycopg.Connection) -> None:
    moved = "SELECT new_due_on > old_due_on AND reason <> '' FROM petitions_extension"
    assert database.execute(moved).fetchall() == [(True,)]
    family = (
        "SELECT array_agg(title ORDER BY p.id) FROM petitions_familymember m"
        " JOIN petitions_petition p ON p.id = m.petition_id GROUP BY m.family_id"
    )
    assert database.execute(family).fetchall() == [(list(GROUPED),)]


def test_the_history_goes_back_a_year_and_signers_come_from_all_over(database: psycopg.Connection) -> None:
    oldest = "SELECT min(opened_at) < now() - interval '330 days' FROM petitions_petition"
    assert database.execute(oldest).fetchone() == (True,)
    regions = "SELECT max(n) FROM (SELECT count(DISTINCT region) AS n FROM signing_tally GROUP BY petition_id) AS each"
    assert database.execute(regions).fetchone() == (17,)
    methods = "SELECT count(DISTINCT method) FROM signing_tally"
    assert database.execute(methods).fetchone() == (4,)


def test_counts_are_signatures_less_voids_and_every_checkpoint_covers_its_log(database: psycopg.Connection) -> None:
    made = {sample.title: (sample.signatures, sample.voids) for sample in SAMPLES if sample.signatures}
    rows = database.execute(
        "SELECT p.title, t.signatures, t.voids, t.checkpoint, h.size FROM petitions_petition p"
        " JOIN signing_tree t ON t.petition_id = p.id JOIN signing_head h ON h.petition_id = p.id"
    ).fetchall()
    assert {title: (signatures, voids) for title, signatures, voids, _, _ in rows if signatures} == made
    assert [peek_checkpoint(bytes(checkpoint)).size - size for *_, checkpoint, size in rows] == [0] * len(rows)


def test_a_second_run_changes_nothing(
    on_sample: Callable[..., "CompletedProcess[str]"], database: psycopg.Connection
) -> None:
    before = database.execute("SELECT max(id), count(*) FROM petitions_petition").fetchone()
    done = on_sample("demo", "--no-serve", "--port", "8765")
    assert (done.returncode, done.stderr) == (0, "")
    assert "http://127.0.0.1:8765/petitions/1" in done.stdout
    assert database.execute("SELECT max(id), count(*) FROM petitions_petition").fetchone() == before


def test_it_is_not_thrown_away_while_it_is_used(on_sample: Callable[..., "CompletedProcess[str]"]) -> None:
    done = on_sample("demo", "--no-serve", "--fresh")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is in use" in done.stderr


def test_another_site_is_neither_thrown_away_nor_made_a_demonstration(tmp_path: Path) -> None:
    give_cluster(tmp_path)
    assert run_maninso("import", "blue-house", str(write_archive(tmp_path)), home=tmp_path).returncode == 0
    for words in (["demo", "--no-serve"], ["demo", "--no-serve", "--fresh"]):
        done = run_maninso(*words, home=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert "this site has 1 petitions of its own" in done.stderr


def test_one_that_was_broken_off_is_made_anew(database: psycopg.Connection) -> None:
    asked = database.execute("SELECT to_regclass('left_over'), obj_description('petitions_petition'::regclass)")
    assert asked.fetchone() == (None, "demonstration")  # the sample site of these tests began as broken off


def test_a_given_database_is_never_thrown_away(tmp_path: Path, sample_home: Path) -> None:
    url = server_url(sample_home / "postgres" / "socket")
    done = run_maninso("demo", "--no-serve", "--fresh", home=tmp_path, DATABASE_URL=url)
    assert (done.returncode, done.stdout) == (2, "")
    assert "throws away no database of DATABASE_URL" in done.stderr


def write_archive(folder: Path) -> Path:
    file = folder / "archive.jsonl"
    file.write_text(
        '{"category": "교통", "begin": "2019-05-01", "end": "2019-05-31", "content": "횡단보도를 놓아 주세요.", '
        '"num_agree": 12, "petition_idx": 7, "status": "청원종료", "title": "횡단보도"}\n'
    )
    return file
