"""The whole chain: opened, signed over HTTP, counted in its ledger, recounted by an outsider, its answer falls due."""

import json
import time

from tests.journeys.conftest import open_petition
from tests.live import LiveSite


def test_signed_counted_recounted_and_owed(site: LiveSite) -> None:
    petition = open_petition(site)
    summary = json.loads(site.maninso("rehearse", str(petition), "--signers", "60", "--json", "--url", site.url))
    assert summary["accepted"] == 60
    assert summary["statuses"] == {"201": 60}
    assert (summary["count_before"], summary["count_after"], summary["missing"]) == (0, 60, 0)
    assert summary["count_behind_seconds"] >= 0
    site.wait_for_count(petition, 60)
    deadline = time.monotonic() + 30
    while True:  # that a threshold was met is an entry of its own, after those that met it
        report = json.loads(site.maninso("verify", f"{site.url}/petitions/{petition}", "--json"))
        if report["thresholds"] or time.monotonic() > deadline:
            break
    assert report["ok"] is True
    assert (report["count"], report["signatures"], report["voids"]) == (60, 60, 0)
    assert [(met["threshold"], met["leaf"]) for met in report["thresholds"]] == [("answer", 50)]
    attributes = site.ask("GET", f"/petitions/{petition}.json").json()["data"]["attributes"]
    assert attributes["signature_count"] == 60
    assert [(owed["threshold"], owed["state"], owed["needed"]) for owed in attributes["obligations"]] == [
        ("answer", "owed", 50)
    ]
    for prefix, words in [("/ko", "60명"), ("/en", "60 signatures")]:
        page = site.ask("GET", f"{prefix}/petitions/{petition}").body.decode()
        assert words.replace(" ", "") in page.replace("<small>", "").replace(" ", "").replace("\n", "")
        assert f"/p/{petition}/log/checkpoint" in page
    board = site.ask("GET", "/en/obligations").body.decode()
    assert f"/petitions/{petition}" in board


def test_a_rehearsal_with_a_rate_keeps_to_it(site: LiveSite, petition: int) -> None:
    arguments = ["rehearse", str(petition), "--signers", "20", "--rate", "40", "--json", "--url", site.url]
    summary = json.loads(site.maninso(*arguments))
    assert summary["accepted"] == 20
    assert summary["seconds"] >= 19 / 40


def test_tickets_for_another_load_generator(site: LiveSite, petition: int) -> None:
    file = site.home / "tickets"
    site.maninso("rehearse", str(petition), "--signers", "3", "--write-tickets", str(file))
    tickets = file.read_text().split("\n")
    assert len(tickets) == 4
    assert tickets[3] == ""
    for ticket in tickets[:3]:
        answer = site.ask(
            "POST",
            f"/petitions/{petition}/signatures",
            b"{}",
            content_type="application/json",
            authorization=f"Ticket {ticket}",
        )
        assert answer.status == 201
