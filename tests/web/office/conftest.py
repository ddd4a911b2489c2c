"""The cast of the office, logged in with both factors."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

Enter = Callable[..., Client]


@pytest.fixture
def enter(db: None, now: dt.datetime) -> Enter:
    """Return a browser in which somebody of a role is logged in: `enter("moderator")`, `enter("moderator", "kim")`."""
    from maninso.petitions.accounts import add_member
    from maninso.web.office.members import sign_entrance

    def log_in(role: str, name: str = "") -> Client:
        email = f"{name or role}@example.org"
        add_member(email=email, role=role, now=now)
        client = Client(headers={"accept-language": "en"})
        assert client.post(f"/office/enter/{sign_entrance(email)}").status_code == 303
        return client

    return log_in
