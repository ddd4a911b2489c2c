"""People who sign at a running site while something terrible happens to it, and keep what they were told."""

import contextlib
import http.client
import itertools
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

from tests.faults.oracle import Held, judge_log
from tests.journeys.conftest import open_petition, ticket_of
from tests.live import LiveSite

from maninso.run.settings import read_or_make_secret
from maninso.signing.keys import LogKey

HANDS = 12  # people at a time
PATIENCE = 90.0  # seconds until somebody who gets no answer gives up
PAUSE = 0.2  # seconds before trying again


class Crowd:
    """`number` people sign one new petition of the site, each until it is acknowledged; `held` is what they keep.

    Where `number` is 0, people come until `end` is called.
    """

    def __init__(self, site: LiveSite, number: int) -> None:
        self._site = site
        self._number = number
        self._people = itertools.count()
        self._run = secrets.token_hex(4)
        self._ended = False
        self._come = 0
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._sign_in_turn, daemon=True) for _ in range(HANDS)]
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self.petition = open_petition(site)
        self.statuses: Counter[int] = Counter()
        self.broken = 0
        self.held = Held()

    def start(self) -> None:
        """Begin to sign, and return when a quarter of them have (or 100 people)."""
        for thread in (*self._threads, self._watcher):
            thread.start()
        self.wait_until(lambda: len(self.held.acknowledged) > (self._number // 4 or 100))

    def wait_until(self, true: Callable[[], bool]) -> None:
        """Wait for something to be true of the crowd."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, f"{len(self.held.acknowledged)} signed, answers: {self.statuses}"
            time.sleep(0.01)

    def end(self) -> None:
        """Let nobody else come; those who are here sign."""
        self._ended = True

    def finish(self) -> None:
        """Wait until everybody has signed, and have everything judged."""
        for thread in self._threads:
            thread.join(PATIENCE)
        self._done.set()
        self._watcher.join()
        number = len(self.held.acknowledged)
        assert number == self._come, self.statuses
        key = LogKey(read_or_make_secret(self._site.settings.keys_dir / "log.key"))
        judge_log(self._site.database_url, petition_id=self.petition, log_key=key, held=self.held, now=None)
        self._site.wait_for_count(self.petition, number)
        report = json.loads(self._site.maninso("verify", f"{self._site.url}/petitions/{self.petition}", "--json"))
        assert (report["ok"], report["count"]) == (True, number)

    def _sign_in_turn(self) -> None:
        connection = self._connect()
        deadline = time.monotonic() + PATIENCE
        while not self._ended:
            number = next(self._people)
            if self._number and number >= self._number:
                break
            self._come = max(self._come, number + 1)
            ticket = ticket_of(f"{self._run}/{number}")
            while time.monotonic() < deadline:
                try:
                    connection.request(
                        "POST", f"/petitions/{self.petition}/signatures", headers={"Authorization": f"Ticket {ticket}"}
                    )
                    answer = connection.getresponse()
                    body = answer.read()
                except (OSError, http.client.HTTPException):
                    self.broken += 1
                    connection.close()
                    time.sleep(PAUSE)
                    continue
                self.statuses[answer.status] += 1
                if answer.status in (200, 201):
                    self.held.acknowledged.add(bytes.fromhex(json.loads(body)["leaf_hash"]))
                    break
                assert answer.status == 503, f"{answer.status}: {body!r}"
                time.sleep(PAUSE)
        connection.close()

    def _watch(self) -> None:
        connection = self._connect()
        while not self._done.wait(0.1):
            try:
                connection.request("GET", f"/p/{self.petition}/log/checkpoint")
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                continue
            if answer.status == 200:
                self.held.checkpoints.add(body)
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=30)


@contextlib.contextmanager
def signing_at(site: LiveSite, number: int) -> Iterator[Crowd]:
    """Run a block while a crowd signs; everything is judged at its end."""
    crowd = Crowd(site, number)
    crowd.start()
    yield crowd
    crowd.finish()
