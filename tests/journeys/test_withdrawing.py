"""Promised, withdrawn, signed again; voided by two operators and undone: recounted by an outsider each time."""

import http.client
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

from tests.journeys.conftest import open_petition, ticket_of
from tests.live import Answer, LiveSite

FORM = "application/x-www-form-urlencoded"


def sign(site: LiveSite, petition: int, person: str) -> Answer:
    return site.ask(
        "POST",
        f"/petitions/{petition}/signatures",
        b"{}",
        content_type="application/json",
        authorization=f"Ticket {ticket_of(person)}",
    )


def withdraw(site: LiveSite, receipt: str, secret: str) -> int:
    return site.ask("POST", f"{receipt}/withdraw", urlencode({"secret": secret}).encode(), content_type=FORM).status


def recount(site: LiveSite, petition: int, *arguments: str) -> tuple[int, int, int, int]:
    report = json.loads(site.maninso("verify", f"{site.url}/petitions/{petition}", "--json", *arguments))
    assert report["ok"] is True
    return report["signatures"], report["voids"], report["reinstated"], report["count"]


def test_promised_withdrawn_and_signed_again(site: LiveSite, petition: int) -> None:
    first = sign(site, petition, "Ada")
    receipt, secret = first.json()["receipt"], first.json()["secret"]
    promise = site.home / "ada.promise"
    promise.write_bytes(site.ask("GET", f"{receipt}.promise").body)
    site.wait_for_count(petition, 1)
    assert recount(site, petition, "--promise", str(promise)) == (1, 0, 0, 1)
    for _ in range(2):
        assert withdraw(site, receipt, secret) == 303
        site.wait_for_count(petition, 0)
    assert recount(site, petition) == (1, 1, 0, 0)
    again = sign(site, petition, "Ada")
    assert (again.status, again.json()) == (201, first.json())  # the first signature, counted once more
    site.wait_for_count(petition, 1)
    assert (sign(site, petition, "Ada").status, withdraw(site, receipt, "A" * 22)) == (200, 403)
    assert recount(site, petition) == (1, 1, 1, 1)


def test_a_browser_keeps_the_secret_where_only_the_withdraw_page_sees_it(site: LiveSite, petition: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    cookie = f"maninso_ticket={ticket_of('Bo')}"
    headers = {"Content-Type": FORM, "Cookie": cookie, "Accept": "text/html"}
    connection.request("POST", f"/en/petitions/{petition}/signatures", b"", headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 303
    cookies = [value for name, value in answer.getheaders() if name.lower() == "set-cookie"]
    connection.close()
    assert [each.split("; ")[1] for each in cookies] == [
        f"Path={prefix}/petitions/{petition}" for prefix in ("", "/ko", "/en")
    ]
    assert all(
        "; HttpOnly; SameSite=Lax" in each and each.startswith(f"maninso_receipt_{petition}=") for each in cookies
    )
    kept = cookies[0].split(";")[0]
    place = str(answer.getheader("location"))
    assert kept.partition("=")[2] not in site.ask("GET", place, cookie=kept).body.decode()
    assert kept.partition("=")[2] in site.ask("GET", f"{place}/withdraw", cookie=kept).body.decode()
    refused = site.ask(
        "POST", f"{place}/withdraw", b"", cookie=kept, content_type=FORM, origin="http://elsewhere.example"
    )
    assert refused.status == 403
    done = site.ask("POST", f"{place}/withdraw", b"", cookie=kept, content_type=FORM, sec_fetch_site="same-origin")
    assert done.status == 303
    site.wait_for_count(petition, 0)


def test_twenty_sign_and_withdraw_at_once(site: LiveSite, petition: int) -> None:
    first = sign(site, petition, "Cy").json()

    def act(number: int) -> tuple[str, int]:
        if number % 2:
            return "withdrawn", withdraw(site, first["receipt"], first["secret"])
        return "signed", site.ask(
            "POST",
            f"/petitions/{petition}/signatures",
            b"{}",
            content_type="application/json",
            authorization=f"Ticket {ticket_of('Cy')}",
            x_forwarded_for=f"198.51.{number}.1",
        ).status

    with ThreadPoolExecutor(20) as threads:
        done = list(threads.map(act, range(20)))
    assert {status for what, status in done if what == "withdrawn"} == {303}
    assert {status for what, status in done if what == "signed"} <= {200, 201, 429}
    sign(site, petition, "Di")
    deadline = time.monotonic() + 60
    while site.ask("GET", f"/p/{petition}/log/checkpoint").status == 404 and time.monotonic() < deadline:
        time.sleep(0.1)
    while recount(site, petition)[0] < 2 and time.monotonic() < deadline:  # until the log is published with her in it
        time.sleep(0.1)
    signatures, voids, reinstated, count = recount(site, petition)
    assert (signatures, count) == (2, 2 - voids + reinstated)
    assert reinstated == sum(1 for what, status in done if (what, status) == ("signed", 201))
    assert voids - reinstated in (0, 1)
    site.wait_for_count(petition, count)


def test_voided_by_two_operators_and_undone(site: LiveSite) -> None:
    petition = open_petition(site)
    site.maninso("rehearse", str(petition), "--signers", "12", "--url", site.url)
    site.wait_for_count(petition, 12)
    given = ["--reason", "3", "--text", "One script made these.", "--as", "ada@example.org", "--json"]
    site.maninso("void", "propose", str(petition), *given, status=2)  # without conditions
    leaves = ["--leaf", "2", "--leaf", "5", "--leaf", "99"]
    batch = json.loads(site.maninso("void", "propose", str(petition), *leaves, *given))
    assert (batch["found"], batch["state"]) == (2, "proposed")
    number = str(batch["batch"])
    site.maninso("void", "approve", number, "--as", "ada@example.org", status=1)
    site.maninso("void", "approve", number, "--as", "nobody", status=2)
    site.maninso("void", "run", number, status=1)
    assert "approved" in site.maninso("void", "approve", number, "--as", "bo@example.org")
    assert json.loads(site.maninso("void", "run", number, "--json"))["done"] == 2
    site.wait_for_count(petition, 10)
    assert recount(site, petition) == (12, 2, 0, 10)
    record = site.ask("GET", f"/petitions/{petition}/voids.json").json()
    assert [(each["signature"], each["batch"]) for each in record["data"]] == [(5, batch["batch"]), (2, batch["batch"])]
    undo = ["void", "propose", str(petition), "--undo", number, "--reason", "6", "--text", "It was no script."]
    second = json.loads(site.maninso(*undo, "--as", "ada@example.org", "--json"))
    site.maninso("void", "approve", str(second["batch"]), "--as", "bo@example.org")
    site.maninso("void", "run", str(second["batch"]))
    site.wait_for_count(petition, 12)
    assert recount(site, petition) == (12, 2, 2, 12)
    third = json.loads(site.maninso("void", "propose", str(petition), "--assurance", "1", "--region", "", *given))
    assert third["conditions"]["regions"] == [0]
    site.maninso("void", "cancel", str(third["batch"]), "--as", "ada@example.org")
    listed = site.maninso("void", "list", "--petition", str(petition))
    assert [line.split("\t")[2] for line in listed.splitlines()[1:]] == ["done", "done", "cancelled"]
    assert len(json.loads(site.maninso("void", "list", "--json"))["batches"]) >= 3
    assert os.environ["MANINSO_SECRET_KEY"] not in listed
