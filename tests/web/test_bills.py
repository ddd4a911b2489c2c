"""A bill's page: its way, what it changes, the petitions behind it; and the same on the petition's page."""

import datetime as dt
import json
import re
from collections.abc import Callable

import pytest
from django.test import Client
from tests.web.test_pages import check_markup

from maninso.petitions.lifecycle import Actor
from maninso.petitions.models import Bill
from maninso.petitions.obligations import keep_bill, read_record

JSON_LD = r'<script type="application/ld\+json">(.*?)</script>'  # data, which no policy has to allow

pytestmark = pytest.mark.django_db


@pytest.fixture
def law(opened: Callable[..., int], now: dt.datetime) -> tuple[int, int]:
    """A petition and the bill that became law of it."""
    petition_id = opened()
    record = {
        "register": "assembly-kr",
        "number": "2024-0117",
        "title": "Bill </script><b> on libraries",
        "language": "en",
        "body": "National Assembly",
        "proposer": "Education committee",
        "address": "https://bills.example.org/2024-0117",
        "act_title": "Library Act",
        "act_number": "No. 20117",
        "enacted_on": "2024-06-05",
        "in_force_on": "2024-12-06",
        "stages": [{"stage": "proposed", "on": "2023-11-01"}, {"stage": "in-force", "on": "2024-12-06"}],
        "provisions": [
            {"place": "Article 3", "before": "on weekdays", "after": "on every day"},
            {"place": "Article 4", "after": "Sundays from noon"},
        ],
        "petitions": [{"petition": str(petition_id), "demand": "Open on Sundays", "meets": "part"}],
    }
    keep_bill(read_record(record), actor=Actor(role="system"), now=now)
    return petition_id, Bill.objects.get().pk


def test_a_bills_page_shows_its_way_and_what_it_changes(law: tuple[int, int], client: Client) -> None:
    page = client.get(f"/en/bills/{law[1]}")
    text = page.content.decode()
    check_markup("a bill", re.sub(JSON_LD, "", text), "en")
    for said in (
        "Library Act (No. 20117)",
        "on weekdays",
        "on every day",
        "(new)",
        "meets it in part",
        "Open on Sundays",
        f"/en/petitions/{law[0]}",
        "Introduced",
        "6 December 2024",
    ):
        assert said in text
    assert "발의" in client.get(f"/ko/bills/{law[1]}").content.decode()
    assert "Library Act" in client.get("/en/bills").content.decode()


def test_programs_read_it_as_legislation(law: tuple[int, int], client: Client) -> None:
    text = client.get(f"/en/bills/{law[1]}").content.decode()
    found = re.findall(JSON_LD, text)
    assert len(found) == 1
    told = json.loads(found[0])
    assert (told["@type"], told["legislationType"], told["legislationIdentifier"], told["name"]) == (
        "Legislation",
        "Act",
        "2024-0117",
        "Bill </script><b> on libraries",
    )
    assert (told["legislationDate"], told["temporalCoverage"], told["legislationLegalForce"]) == (
        "2024-06-05",
        "2024-12-06/..",
        "https://schema.org/InForce",
    )
    assert told["about"][0]["url"].endswith(f"/petitions/{law[0]}")


def test_the_petitions_page_tells_the_way_to_the_law(law: tuple[int, int], client: Client) -> None:
    text = client.get(f"/en/petitions/{law[0]}").content.decode()
    for said in ("What came of it", "Became law", "Bill introduced", "in force from", "Open on Sundays"):
        assert said in text


@pytest.mark.parametrize("number", ["0", "999999", "x", "9" * 30])
def test_nobodys_bill_is_refused(number: str, client: Client) -> None:
    assert client.get(f"/bills/{number}").status_code in (400, 404)


@pytest.mark.parametrize("kind", ["ruling", "refusal"])
def test_rulings_and_refusals_are_no_legislation(
    kind: str, opened: Callable[..., int], now: dt.datetime, client: Client
) -> None:
    stage = {"ruling": "decided", "refusal": "refused"}[kind]
    record = {
        "register": "court",
        "number": "7",
        "kind": kind,
        "title": "Not for the city",
        "language": "en",
        "summary": "The state decides.",
        "stages": [{"stage": stage, "on": "2025-01-02"}],
        "petitions": [{"petition": str(petition_id := opened()), "meets": "not"}],
    }
    keep_bill(read_record(record), actor=Actor(role="system"), now=now)
    assert "ld+json" not in client.get(f"/bills/{Bill.objects.get().pk}").content.decode()
    text = client.get(f"/en/petitions/{petition_id}").content.decode()
    assert ("The state decides." in text, "does not meet it" in text) == (True, True)
