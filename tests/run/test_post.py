"""The worker's jobs: messages leave once, are tried again where that helps, and no address stays behind."""

import asyncio
import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from maninso.identity.mailbox import read_mailbox
from maninso.petitions import notices
from maninso.petitions.letters import store_letter
from maninso.petitions.models import Letter as StoredLetter
from maninso.petitions.models import Message
from maninso.run.mail import PostBusy, Undeliverable
from maninso.run.post import LaterEachTime, PostOffice, run_jobs
from maninso.web.shared.letters import Letter

pytestmark = pytest.mark.django_db(transaction=True)


class Recorder:
    """A post that keeps letters; what is in `raises` is raised first."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.raises: list[Exception] = []

    async def send(self, letter: Letter) -> None:
        if self.raises:
            raise self.raises.pop(0)
        self.letters.append(letter)

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture(autouse=True)
def _clear(database_url: str) -> Iterator[None]:
    yield
    with psycopg.connect(database_url) as other:
        other.execute("TRUNCATE signing_gate, signing_leaf, signing_void, procrastinate_jobs CASCADE")


@pytest.fixture
def post() -> Recorder:
    return Recorder()


def store(petition: int, address: str, now: dt.datetime, language: str = "en") -> None:
    notices.ask_confirmation(
        petition_id=petition,
        mailbox=read_mailbox(address),
        language=language,
        issuer="email",
        age=255,
        until=now + dt.timedelta(days=9),
        now=now,
    )


def work(post: Recorder, *, now: dt.datetime) -> None:
    """Do what can be done now."""
    asyncio.run(run_jobs(PostOffice(post, clock=lambda: now), stop=lambda: False, wait=False))


def rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def hurry() -> None:
    """Let the time until the next attempt pass."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL")


def test_messages_leave_and_nothing_of_them_stays(
    opened: Callable[..., int],
    post: Recorder,
    now: dt.datetime,
) -> None:
    petition = opened()
    for number in range(30):
        store(petition, f"person{number}@example.org", now)
    work(post, now=now)
    assert sorted(letter.recipient for letter in post.letters) == sorted(f"person{n}@example.org" for n in range(30))
    assert Message.objects.count() == 0
    assert rows("SELECT * FROM procrastinate_jobs") == []
    assert rows("SELECT * FROM procrastinate_events") == []


@pytest.mark.parametrize(("language", "words"), [("ko", "서명까지 한 단계"), ("en", "One step to your signature")])
def test_a_letter_speaks_the_readers_language(
    opened: Callable[..., int],
    post: Recorder,
    now: dt.datetime,
    language: str,
    words: str,
) -> None:
    petition = opened()
    store(petition, "lee@example.org", now, language=language)
    work(post, now=now)
    (letter,) = post.letters
    assert words in letter.text
    assert words in letter.html
    link = f"https://petitions.example.org/{language}/petitions/{petition}/confirm?ticket=mt1."
    assert link in letter.text
    assert link in letter.html
    assert "lee@" not in letter.text + letter.html + letter.subject
    assert f"petitions.example.org/p/{petition}/log" not in letter.text  # nothing is sealed yet


def test_what_is_refused_for_good_is_dropped(
    opened: Callable[..., int],
    post: Recorder,
    now: dt.datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store(opened(), "nobody@example.org", now)
    post.raises = [Undeliverable(550)]
    work(post, now=now)
    assert (post.letters, Message.objects.count(), rows("SELECT * FROM procrastinate_jobs")) == ([], 0, [])
    assert "550" in caplog.text
    assert "nobody@" not in caplog.text


def test_what_may_pass_is_tried_again_later(
    opened: Callable[..., int],
    post: Recorder,
    now: dt.datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store(opened(), "lee@example.org", now)
    post.raises = [PostBusy(451), PostBusy()]
    work(post, now=now)
    assert Message.objects.count() == 1
    ((status, attempts, later),) = rows("SELECT status, attempts, scheduled_at FROM procrastinate_jobs")
    assert (status, attempts) == ("todo", 1)
    assert later > dt.datetime.now(dt.UTC)
    work(post, now=now)
    assert post.letters == []
    for _ in range(2):
        hurry()
        work(post, now=now)
    assert [letter.recipient for letter in post.letters] == ["lee@example.org"]
    assert Message.objects.count() == 0
    assert "lee@" not in caplog.text


def test_the_waits_grow_and_end() -> None:
    class Job:
        def __init__(self, attempts: int) -> None:
            self.attempts = attempts

    started = time.time()
    waits = []
    for attempts in (0, 1, 2, 5, 8, 9, 50):
        decision = LaterEachTime().get_retry_decision(exception=PostBusy(), job=Job(attempts))
        assert decision is not None
        assert decision.retry_at is not None
        waits.append(round(decision.retry_at.timestamp() - started))
    assert waits == [5, 10, 20, 160, 1280, 1800, 1800]
    assert LaterEachTime().get_retry_decision(exception=ValueError(), job=Job(0)) is None


def test_what_nobody_waits_for_any_more_is_given_up(
    opened: Callable[..., int],
    post: Recorder,
    now: dt.datetime,
) -> None:
    store(opened(), "lee@example.org", now)
    work(post, now=now + dt.timedelta(hours=13))
    assert (post.letters, Message.objects.count()) == ([], 0)


def test_two_workers_send_each_message_once(
    opened: Callable[..., int],
    now: dt.datetime,
) -> None:
    petition = opened()
    for number in range(40):
        store(petition, f"person{number}@example.org", now)
    posts = [Recorder(), Recorder()]

    async def work_at_once() -> None:
        await asyncio.gather(
            *(run_jobs(PostOffice(post, clock=lambda: now), stop=lambda: False, wait=False) for post in posts)
        )

    asyncio.run(work_at_once())
    sent = [letter.recipient for post in posts for letter in post.letters]
    assert len(sent) == len(set(sent)) == 40


def test_an_answer_is_announced_and_sent_with_one_click_to_end_it(
    opened: Callable[..., int],
    post: Recorder,
    now: dt.datetime,
) -> None:
    petition = opened()
    for number in range(3):
        notices.subscribe(petition_id=petition, mailbox=read_mailbox(f"s{number}@example.org"), language="en", now=now)
    notices.announce(petition_id=petition, kind="answered", now=now)
    work(post, now=now)
    work(post, now=now)  # where the first was done before the messages were made
    assert len(post.letters) == 3
    for letter in post.letters:
        assert letter.unsubscribe.startswith("https://petitions.example.org/en/updates/")
        assert letter.unsubscribe in letter.text
        assert "The institution has answered" in letter.text
    assert len({letter.unsubscribe for letter in post.letters}) == 3


def test_it_works_until_it_is_told_to_stop(
    opened: Callable[..., int],
    post: Recorder,
    now: dt.datetime,
) -> None:
    petition = opened()
    told = False

    async def work_a_while() -> None:
        nonlocal told
        office = PostOffice(post, clock=lambda: now)
        working = asyncio.create_task(run_jobs(office, stop=lambda: told))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(store_and_close, petition, now)
        for _ in range(100):
            if post.letters:
                break
            await asyncio.sleep(0.05)
        told = True
        await asyncio.wait_for(working, 20)

    def store_and_close(petition: int, now: dt.datetime) -> None:
        store(petition, "lee@example.org", now)
        connection.close()

    asyncio.run(work_a_while())
    assert [letter.recipient for letter in post.letters] == ["lee@example.org"]


PAGE = "https://petitions.example.org/en/petitions/1/creator/abc"


def write_to_creator(petition: int, once: str, now: dt.datetime, *, delay: int = 0) -> None:
    store_letter(
        petition_id=petition,
        once=once,
        address="ada@example.org",
        language="en",
        subject="Your petition was handed in",
        body=f"We have your petition.\n\n{PAGE}\n\n<b>Keep it.</b>",
        now=now,
        delay=dt.timedelta(minutes=delay),
    )


def test_b7_a_letter_to_the_creator_leaves_once_and_its_address_goes(
    opened: Callable[..., int], post: Recorder, now: dt.datetime
) -> None:
    petition = opened()
    write_to_creator(petition, "received", now)
    write_to_creator(petition, "decision/1", now, delay=10)
    for _ in range(2):
        assert notices.send_due_letters(now=now) in (0, 1)
        work(post, now=now)
    (letter,) = post.letters
    assert (letter.recipient, letter.subject) == ("ada@example.org", "Your petition was handed in")
    assert PAGE in letter.text
    assert f'<a href="{PAGE}"' in letter.html
    assert "<b>Keep" not in letter.html
    assert Message.objects.count() == 0
    assert list(StoredLetter.objects.order_by("pk").values_list("address", flat=True)) == ["", "ada@example.org"]
    assert notices.send_due_letters(now=now + dt.timedelta(minutes=10)) == 1
    assert set(StoredLetter.objects.values_list("address", flat=True)) == {""}


def test_two_workers_make_one_message_of_a_letter(opened: Callable[..., int], now: dt.datetime) -> None:
    petition = opened()
    for number in range(20):
        write_to_creator(petition, f"sponsor/{number}", now)
    made: list[int] = []

    def make() -> None:
        made.append(notices.send_due_letters(now=now))
        connection.close()

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(made), Message.objects.count()) == (20, 20)


def test_a_letter_survives_a_worker_that_dies_and_keeps_its_identifier(
    opened: Callable[..., int], post: Recorder, now: dt.datetime
) -> None:
    write_to_creator(opened(), "received", now)
    notices.send_due_letters(now=now)
    post.raises = [PostBusy()]
    work(post, now=now)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")  # what the worker held is lost with it
    later = now + dt.timedelta(minutes=2)
    assert (notices.revive_messages(now=later), notices.send_due_letters(now=later)) == (1, 0)
    identifier = f"m{Message.objects.get().pk}.{int(now.timestamp())}"
    work(post, now=later)
    assert [letter.identifier for letter in post.letters] == [identifier]
    assert (Message.objects.count(), StoredLetter.objects.get().address) == (0, "")


def test_the_worker_posts_letters_by_itself(opened: Callable[..., int], post: Recorder, now: dt.datetime) -> None:
    write_to_creator(opened(), "received", now)
    started = time.monotonic()
    office = PostOffice(post, clock=lambda: now)
    asyncio.run(run_jobs(office, stop=lambda: bool(post.letters) or time.monotonic() > started + 20))
    assert [letter.recipient for letter in post.letters] == ["ada@example.org"]


def test_a_creators_news_are_sent_and_the_foot_has_the_sites_log(
    opened: Callable[..., int], post: Recorder, now: dt.datetime
) -> None:
    petition = opened()
    notices.subscribe(petition_id=petition, mailbox=read_mailbox("lee@example.org"), language="en", now=now)
    notices.announce(petition_id=petition, kind="creator", text="We met the mayor.\n\n<b>Soon</b>", now=now)
    work(post, now=now)
    work(post, now=now)
    (letter,) = post.letters
    assert "We met the mayor." in letter.text
    assert "<b>Soon" not in letter.html
    assert letter.unsubscribe in letter.text
    assert "The site’s log at this moment" not in letter.text  # it has no checkpoint yet
