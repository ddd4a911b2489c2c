"""Two web machines share one database: nobody is counted twice, and both hear of everything."""

import datetime as dt
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from tests.journeys.conftest import open_petition, ticket_of
from tests.live import Answer, LiveSite, find_free_port

from maninso.signing.gate import close_gate


@pytest.fixture(scope="module")
def second(site: LiveSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """Another machine: its own folder with copies of the keys, petitions' shared, its own port, no worker's lock."""
    home: Path = tmp_path_factory.mktemp("second")
    shared = site.home / "keys" / "petitions"
    shared.mkdir(exist_ok=True)
    shutil.copytree(site.home / "keys", home / "keys", ignore=shutil.ignore_patterns("petitions"))
    (home / "keys" / "petitions").symlink_to(shared)
    machine = LiveSite(home, site.database_url, find_free_port(), site.charter)
    machine.start()
    try:
        yield machine
    finally:
        machine.stop()


def sign(machine: LiveSite, petition: int, person: str) -> Answer:
    return machine.ask(
        "POST",
        f"/petitions/{petition}/signatures",
        b"{}",
        content_type="application/json",
        authorization=f"Ticket {ticket_of(person)}",
    )


def test_a_person_on_both_machines_at_once_is_one(site: LiveSite, second: LiveSite) -> None:
    petition = open_petition(site)
    jobs = [(machine, f"person {number}") for number in range(40) for machine in (site, second, second, site)]
    with ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(lambda job: sign(job[0], petition, job[1]), jobs))
    assert sorted({answer.status for answer in answers}) == [200, 201]
    assert sum(answer.status == 201 for answer in answers) == 40
    assert len({answer.json()["leaf_hash"] for answer in answers}) == 40
    site.wait_for_count(petition, 40)
    second.wait_for_count(petition, 40)


def test_a_gate_closed_by_one_is_closed_on_both(site: LiveSite, second: LiveSite) -> None:
    petition = open_petition(second)
    assert [sign(machine, petition, "early").status for machine in (site, second)] == [201, 200]
    with psycopg.connect(site.database_url) as connection, connection.cursor() as cursor:
        close_gate(cursor, petition_id=petition, closed_at=dt.datetime.now(dt.UTC))
    assert [sign(machine, petition, "late").status for machine in (site, second)] == [410, 410]


def test_a_machine_without_the_petitions_key_file_says_come_back(site: LiveSite, second: LiveSite) -> None:
    petition = open_petition(site)
    file = site.home / "keys" / "petitions" / f"{petition}.key"
    kept = file.read_bytes()
    file.unlink()
    answer = sign(second, petition, "Ada")
    assert (answer.status, answer.headers["retry-after"]) == (503, "3")
    file.write_bytes(kept)
    assert sign(second, petition, "Ada").status == 201
