"""Is it up, and can it work? And what is said when the database is gone."""

import pytest
from django.db import connection
from django.test import Client


def test_alive_asks_nobody(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content, answer.headers["Cache-Control"]) == (200, b"ok\n", "no-store")


@pytest.mark.django_db
def test_ready_asks_the_database(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ready\n")


@pytest.mark.django_db(transaction=True)
def test_without_a_database(client: Client) -> None:
    host = connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        ready, data, page = (client.get(path) for path in ("/readyz", "/petitions.json", "/en/petitions"))
        explained = client.get("/en/about")
    finally:
        connection.close()
        connection.settings_dict["HOST"] = host
    assert (ready.status_code, ready.json()["type"], ready.headers["Retry-After"]) == (
        503,
        "/problems/no-database",
        "5",
    )
    assert (data.status_code, data.headers["Cache-Control"]) == (503, "no-store")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "The site cannot read its records at the moment." in page.content.decode()
    assert explained.status_code == 200
