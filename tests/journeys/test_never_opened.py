"""Signing a petition that was refused, hidden or withdrawn before it opened: a refusal, not "come back later"."""

import json

import pytest
from tests.journeys.conftest import ticket_of
from tests.live import LiveSite

# What the back office does, in a process of its own: gives the petition's number after the steps named.
OFFICE = """
import datetime, json, sys
from maninso.charter import load_preset
from maninso.petitions import lifecycle
now = datetime.datetime.now(datetime.UTC)
petition_id, steps = json.loads(sys.argv[1])
if petition_id is None:
    petition_id = lifecycle.draft_petition(
        charter=load_preset("university"), title="Benches", body="At every stop.", language="en", now=now)
for step, given in steps:
    if "reason" in given:
        given["reason"] = lifecycle.Reason(code=given["reason"])
    getattr(lifecycle, step)(petition_id, now=now, **given)
print(petition_id)
"""
SUBMIT, PASS = ["submit_petition", {}], ["pass_to_moderation", {}]
REJECT, HIDE = ["reject_petition", {"reason": "duplicate"}], ["reject_petition", {"reason": "personal-data"}]


def decide(site: LiveSite, *steps: list[object], petition: int | None = None) -> int:
    return int(site.python(OFFICE, json.dumps([petition, steps])))


def try_to_sign(site: LiveSite, petition: int) -> tuple[int, str]:
    given = {"authorization": f"Ticket {ticket_of('somebody')}", "content_type": "application/json"}
    answer = site.ask("POST", f"/petitions/{petition}/signatures", b"{}", **given)
    return answer.status, answer.json()["type"]


@pytest.mark.parametrize(
    ("steps", "page"),
    [
        ([SUBMIT, PASS, REJECT], 200),
        ([SUBMIT, PASS, HIDE], 410),
        ([SUBMIT, ["hide_petition", {"reason": "personal-data"}]], 410),
        ([SUBMIT, ["withdraw_petition", {}]], 200),
    ],
    ids=["rejected", "hidden by its reason", "hidden while gathering", "withdrawn"],
)
def test_it_takes_no_signatures_ever(site: LiveSite, steps: list[list[object]], page: int) -> None:
    petition = decide(site, *steps)
    assert try_to_sign(site, petition) == (410, "/problems/closed")
    shown = site.ask("GET", f"/en/petitions/{petition}")
    assert (shown.status, b"Reason:" in shown.body) == (page, True)


def test_taken_up_again_it_is_not_open_yet_and_then_it_is(site: LiveSite) -> None:
    petition = decide(site, SUBMIT, PASS)
    assert try_to_sign(site, petition) == (409, "/problems/not-open")
    decide(site, REJECT, petition=petition)
    assert try_to_sign(site, petition) == (410, "/problems/closed")
    decide(site, ["restore_petition", {}], petition=petition)
    assert try_to_sign(site, petition) == (409, "/problems/not-open")
    decide(site, ["open_petition", {}], petition=petition)
    given = {"authorization": f"Ticket {ticket_of('somebody')}", "content_type": "application/json"}
    assert site.ask("POST", f"/petitions/{petition}/signatures", b"{}", **given).status == 201
