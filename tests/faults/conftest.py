"""Logs to hurt, and the world outside that holds what it was told."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from tests.faults.oracle import Held, judge_log
from tests.faults.proxy import Proxy, proxy_to
from tests.signing.conftest import NOW, connection, log_key, logs, made_up_entry

from maninso.signing.keys import LogKey

__all__ = ["connection", "log_key", "logs", "made_up_entry"]
Judge = Callable[..., int]


@pytest.fixture
def proxy(database_url: str) -> Iterator[Proxy]:
    with proxy_to(database_url) as proxy:
        yield proxy


@pytest.fixture
def judge(database_url: str, log_key: LogKey) -> Judge:
    """Judge a log of the test database."""

    def judge(petition_id: int, held: Held, *, now: dt.datetime = NOW) -> int:
        return judge_log(database_url, petition_id=petition_id, log_key=log_key, held=held, now=now)

    return judge
