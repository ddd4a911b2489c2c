"""What was read once of a log is answered without the database, by a process that never read it before."""

import json
import os
from pathlib import Path

import psycopg
from tests.journeys.conftest import open_petition
from tests.live import live_site


def test_full_tiles_and_bundles_are_answered_while_nothing_can_be_read_of_them(
    migrated_database: str, tmp_path: Path
) -> None:
    with live_site(tmp_path, os.environ["DATABASE_URL"], name="tiles_from_files") as site:
        petition = open_petition(site)
        site.maninso("rehearse", str(petition), "--signers", "300", "--url", site.url, "--json")
        site.wait_for_count(petition, 300)
        prefix = f"/p/{petition}/log/tile"
        full = {
            path: site.ask("GET", path, accept_encoding="gzip") for path in (f"{prefix}/0/000", f"{prefix}/entries/000")
        }
        assert [answer.status for answer in full.values()] == [200, 200]
        assert site.ask("GET", f"{prefix}/0/001.p/45").status == 200
        kept = [file for file in (site.home / "cache").rglob("*") if file.is_file()]
        assert sorted(str(file)[-11:] for file in kept) == ["/tile/0/000", "entries/000"]
        assert site.stop() == 0
        site.start()
        assert site.ask("GET", f"{prefix}/0/000").status == 200  # by which the process learns which database it has
        with psycopg.connect(site.database_url) as connection:
            connection.execute("LOCK TABLE signing_tile, signing_bundle, signing_tree IN ACCESS EXCLUSIVE MODE")
            for path, answer in full.items():
                again = site.ask("GET", path, accept_encoding="gzip")
                assert (again.status, again.body) == (200, answer.body)
                assert {**again.headers, "date": "", "age": ""} == {**answer.headers, "date": "", "age": ""}
            connection.rollback()
        report = json.loads(site.maninso("verify", f"{site.url}/petitions/{petition}", "--json"))
        assert (report["ok"], report["count"]) == (True, 300)
