"""`maninso demo`: a sample site with petitions in every state, made by the same steps that a real site takes.

Only who signs is made up: the entries are appended to real logs, spread over the past, and sequenced, signed and
counted as always, so that `maninso verify` recounts them.
"""

import datetime as dt
import os
import random
import shutil
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import psycopg

from maninso import ManinsoError, UsageError
from maninso.ledger.entries import MAX_BUCKET, MIN_BUCKET_SECONDS, render_sign
from maninso.run.console import say, show_progress
from maninso.run.database import open_site, open_unkept
from maninso.run.demo_outcomes import answer_by_two, make_outcomes, name_signers
from maninso.run.demo_petitions import SAMPLES
from maninso.run.demo_sample import Sample, read_sample_charter, unwrap
from maninso.run.postgres import remove_cluster
from maninso.run.settings import Settings, read_or_make_secret, read_settings
from maninso.signing.gate import append_entries
from maninso.signing.keys import LogKey
from maninso.signing.sequencer import Sequencer

BEING_MADE, MADE = "demonstration, being made", "demonstration"
STEPS = 16  # a petition's signatures are appended in so many steps, so that its checkpoints and thresholds have days
ASSURANCES = (2, 5, 3, 1)  # of eleven people, who proved how who they are: by the level of assurance
RUSH = 4.0  # how much denser the first days are than the last
SEED = 1792  # the year of the petition of ten thousand; the same sample site each time
VOID_TEXT = (
    "표본 감사에서 한 프로그램이 만든 서명으로 밝혀졌습니다. A sample audit found that one program had made these."
)


class DemoError(ManinsoError):
    """The demonstration cannot be made here."""


def run_demo(*, port: int, fresh: bool, with_server: bool) -> None:
    """Make the sample site below MANINSO_HOME unless it is there, and serve it as a rehearsal on 127.0.0.1."""
    address = f"http://127.0.0.1:{port}"
    os.environ["MANINSO_REHEARSAL"] = "1"
    os.environ.setdefault("MANINSO_HOST", f"127.0.0.1:{port}")
    settings = read_settings()
    if not prepare(settings, fresh=fresh):
        throw_away(settings)
        prepare(settings, fresh=False)
    with open_unkept(settings) as opened:
        for line in describe(address, opened):
            say(line)
        if with_server:
            from maninso.run.agreement import require_agreement
            from maninso.run.server import serve

            require_agreement(opened)
            serve(opened, host="127.0.0.1", port=port, workers=1, with_worker=True)


def prepare(settings: Settings, *, fresh: bool) -> bool:
    """Make the sample site unless it is there; False where one has to be thrown away first.

    The mark that tells a demonstration from a site is in its database. Raises DemoError on a site with petitions.
    """
    with open_site(settings) as opened:
        mark = read_mark()
        if mark is not None:
            return mark == MADE and not fresh
        require_empty_site()
        write_mark(BEING_MADE)
        add_members(now=dt.datetime.now(dt.UTC))
        make_site(opened, now=dt.datetime.now(dt.UTC))
        write_mark(MADE)
    return True


def read_mark() -> str | None:
    """Return what the database says of being a demonstration. Django must be set up."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description('petitions_petition'::regclass)")
        (mark,) = cursor.fetchone()
    return mark if mark in (BEING_MADE, MADE) else None


def write_mark(mark: str) -> None:
    """Write into the database that it is a demonstration. Django must be set up."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON TABLE petitions_petition IS '{mark}'")  # it takes no parameters


def throw_away(settings: Settings) -> None:
    """Delete the demonstration's database. Raises UsageError where it is not ours alone to delete."""
    if settings.database_url is not None:
        raise UsageError(
            "the demonstration throws away no database of DATABASE_URL",
            cure="drop and create that database yourself, or unset DATABASE_URL",
        )
    remove_cluster(settings)
    # The logs go with the database; the key that signed them must not sign others under their names.
    (settings.keys_dir / "log.key").unlink(missing_ok=True)
    for folder in (settings.signed_dir, settings.cache_dir):
        shutil.rmtree(folder, ignore_errors=True)


def require_empty_site() -> None:
    """Raise DemoError where the site has petitions already: they are no demonstration. Django must be set up."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM petitions_petition")
        (found,) = cursor.fetchone()
    if found:
        raise DemoError(
            f"this site has {found:,} petitions of its own",
            cure="set MANINSO_HOME to another folder, and unset DATABASE_URL, for the demonstration",
        )


def add_members(*, now: dt.datetime) -> None:
    """Give the sample site's office one member of each role. Django must be set up."""
    from maninso.petitions import accounts

    for role in accounts.ROLES:
        accounts.add_member(email=f"{role}@example.org", role=role, now=now)


def make_site(settings: Settings, *, now: dt.datetime) -> None:
    """Make every sample petition, with its past. Django must be set up."""
    from django.db import connection as django_connection

    signer = LogKey(read_or_make_secret(settings.keys_dir / "log.key")).sign_as
    # The many small commits need not be durable one by one: what is broken off is made anew.
    with (
        psycopg.connect(settings.database_url or "", options="-c synchronous_commit=off") as connection,
        django_connection.cursor() as cursor,
    ):
        cursor.execute("SET synchronous_commit = off")
        sequencer = Sequencer(connection, signer)
        if not sequencer.take_lock():
            raise DemoError("a worker runs on this site", cure="stop it, and try again")
        with show_progress("sample petitions") as progress:
            for number, sample in enumerate(SAMPLES, start=1):
                Maker(sequencer, sample, now=now).make()
                progress(number, len(SAMPLES))
        make_outcomes(now=now)
        sequencer.catch_up(now=now)
        cursor.execute("SET synchronous_commit = on")
        cursor.execute("SELECT pg_current_xact_id()")  # a durable commit, and with it all those before


class Maker:
    """Leads one sample petition through its way, at moments of the past."""

    def __init__(self, sequencer: Sequencer, sample: Sample, *, now: dt.datetime) -> None:
        self._sequencer = sequencer
        self._sample = sample
        self._now = now
        self._charter = read_sample_charter(sample.charter)
        self._random = random.Random(f"{SEED}/{sample.title}")  # noqa: S311 - made-up people need no secrecy
        self._opened_at = now - dt.timedelta(days=sample.opened)
        self._named: Iterator[bytes] = iter(())
        self._regions = list(accumulate(self._weigh(code) for code in self._charter.regions))
        least = self._charter.signer.minimum_assurance
        self._assurances = [level for level, count in enumerate(ASSURANCES) if level >= least for _ in range(count)]

    def make(self) -> None:
        """Make the petition, from its draft to the state where its way ends."""
        from maninso.petitions import lifecycle

        sample = self._sample
        handed_in = self._opened_at - dt.timedelta(days=3)
        petition_id = lifecycle.draft_petition(
            charter=self._charter,
            title=sample.title,
            body=unwrap(sample.body, language=sample.language),
            language=sample.language,
            topic=sample.topic,
            creator_name=sample.creator,
            length=sample.length,
            now=handed_in,
        )
        state = lifecycle.submit_petition(petition_id, now=handed_in)
        if sample.state == "lapsed":
            lifecycle.lapse_petition(petition_id, now=self._opened_at + dt.timedelta(days=30))
            return
        if state == "gathering" and sample.state != "gathering":
            lifecycle.pass_to_moderation(petition_id, now=handed_in + dt.timedelta(days=1))
        if sample.state in ("rejected", "hidden"):
            reason = lifecycle.Reason(code=sample.reason, note=sample.note)
            lifecycle.reject_petition(petition_id, reason=reason, now=self._opened_at)
        elif sample.state not in ("gathering", "moderation"):
            closes_at = lifecycle.open_petition(petition_id, now=self._opened_at)
            if sample.answer is not None:
                self._named = name_signers(petition_id)
            self._collect(petition_id, closes_at)
            self._end(petition_id, closes_at)

    def _collect(self, petition_id: int, closes_at: dt.datetime) -> None:
        """Let made-up people sign until the petition ended (or now), in steps, each with its checkpoint."""
        from maninso.petitions.obligations import record_met_thresholds

        ended_at = self._now - dt.timedelta(days=self._sample.ended)
        last = min(closes_at, ended_at) - dt.timedelta(minutes=20)
        lasted = last - self._opened_at
        if not self._sample.signatures:
            self._sequencer.catch_up(now=self._opened_at)
            return
        # Many sign at first, then fewer each day.
        moments = sorted(
            self._opened_at + lasted * self._random.random() ** RUSH for _ in range(self._sample.signatures)
        )
        size = 1
        for step in range(STEPS):
            share = moments[len(moments) * step // STEPS : len(moments) * (step + 1) // STEPS]
            if not share:
                continue
            size = self._append(petition_id, [self._sign(moment) for moment in share])
            self._sequencer.catch_up(now=share[-1])
            record_met_thresholds(now=share[-1])
        if self._sample.voids:
            self._void(petition_id, size, at=last)

    def _weigh(self, code: str) -> float:
        """Say how many sign in a region: as many as live there, and more in one and fewer in the other."""
        from maninso.web.shared.regions import RESIDENTS

        return RESIDENTS.get(code, 100) * self._random.uniform(0.5, 1.7)

    def _sign(self, moment: dt.datetime) -> bytes:
        region = bisect(self._regions, self._random.random() * self._regions[-1]) + 1 if self._regions else 0
        assurance = self._random.choice(self._assurances)
        made_up = self._random.randbytes
        nullifier = next(self._named, None) or made_up(16)
        return render_sign(assurance, region, self._bucket(moment), nullifier, made_up(32))

    def _bucket(self, moment: dt.datetime) -> int:
        passed = int((moment - self._opened_at).total_seconds())
        return max(0, min(MAX_BUCKET, passed // MIN_BUCKET_SECONDS))

    def _void(self, petition_id: int, size: int, *, at: dt.datetime) -> None:
        """Take some signatures out of the count, as a sample audit would: forged or automated."""
        from maninso.petitions.integrity import Selection, approve_batch, propose_batch, run_batch
        from maninso.petitions.lifecycle import Actor

        signed = self._signed_leaves(petition_id, size)
        targets = sorted(self._random.sample(range(1, self._sample.signatures), self._sample.voids))
        batch = propose_batch(
            petition_id=petition_id,
            reason=3,
            text=VOID_TEXT,
            selection=Selection(leaves=tuple(signed[target] for target in targets)),
            actor=Actor(role="auditor", name="auditor@example.org"),
            now=at,
        )
        approve_batch(batch.batch_id, actor=Actor(role="operator", name="operator@example.org"), now=at)
        run_batch(batch.batch_id, now=at)
        self._sequencer.catch_up(now=at)

    def _signed_leaves(self, petition_id: int, size: int) -> list[int]:
        """Return the numbers of the leaves that are signatures; between them lie the events of thresholds met."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT leaf_index FROM signing_leaf WHERE petition_id = %s AND nullifier IS NOT NULL"
                " AND leaf_index < %s ORDER BY leaf_index",
                [petition_id, size],
            )
            return [index for (index,) in cursor.fetchall()]

    def _append(self, petition_id: int, entries: list[bytes]) -> int:
        """Append entries and return the size of the log after them."""
        from django.db import connection, transaction

        with transaction.atomic(), connection.cursor() as cursor:
            return append_entries(cursor, petition_id=petition_id, entries=entries) + len(entries)

    def _end(self, petition_id: int, closes_at: dt.datetime) -> None:
        from maninso.petitions import lifecycle

        sample, moment = self._sample, self._now - dt.timedelta(days=self._sample.ended)
        if sample.state == "withdrawn":
            lifecycle.withdraw_petition(petition_id, now=moment, note=sample.note)
        elif closes_at <= self._now:
            lifecycle.close_petition(petition_id, now=closes_at)
            lifecycle.end_graces(now=self._now)
        if sample.state == "removed":
            reason = lifecycle.Reason(code=sample.reason, note=sample.note)
            lifecycle.remove_petition(petition_id, reason=reason, now=moment)
        if sample.answer is not None:
            self._answer(petition_id)
        self._sequencer.catch_up(now=min(closes_at, moment))

    def _answer(self, petition_id: int) -> None:
        from maninso.petitions.access import find_petition

        given, language = self._sample.answer, self._sample.language
        view = find_petition(petition_id, now=self._now)
        assert given is not None and view is not None  # noqa: S101, PT018 - this sample has both
        owed = view.obligations[0]
        body = unwrap(given.body, language=language)
        answer_by_two(
            owed.obligation_id,
            words={"author": given.author, "summary": given.summary, "body": body},
            language=language,
            approved=True,
            now=owed.met_at + dt.timedelta(days=given.after),
        )


def describe(address: str, settings: Settings) -> list[str]:
    """Say where the sample site is and what to try on it."""
    from maninso.petitions.discovery import Wanted, list_choices, search_petitions
    from maninso.web.office.members import sign_entrance

    page = search_petitions(wanted=Wanted(state="open"), choices=list_choices(), page=1, per_page=50, now=_moment())
    left, number = min(
        (
            (card.needed - card.count, card.petition_id)
            for card in page.cards
            if card.needed and card.count < card.needed
        ),
        default=(3, 1),
    )
    rehearsal = "MANINSO_REHEARSAL=1 .venv/bin/maninso"
    more = [] if settings.home == Path("var").absolute() else [f"  (with MANINSO_HOME={settings.home})"]
    return [
        "",
        f"The sample site: {address}  (English: {address}/en/)",
        "",
        "Try this:",
        f"  {address}/petitions/{number}",
        f"      lacks {left} signatures; sign as a made-up person and keep the receipt",
        f"  {address}/obligations",
        "      what is owed, answered, late and overdue, and who keeps their word",
        f"  {address}/bills",
        "      what became of petitions: laws, a bill, a ruling, a refusal",
        f"  {address}/office/debts",
        "      the clerk's desk (come in by the clerk's link below): an answer waits for a second pair of eyes",
        f"  .venv/bin/maninso verify {address}/petitions/{number}",
        "      recounts the petition from its public log",
        f"  {rehearsal} rehearse {number} --signers {left} --url {address}",
        "      lets made-up people sign the rest, and the debt appears",
        f"  {rehearsal} rehearse new --signers 20000 --url {address}",
        "      a crowd",
        "",
        "The office, one link a role (they work on this sample site alone; a real one asks for two factors):",
        *(f"  {email}\n      {address}/office/enter/{sign_entrance(email)}" for email in _office_addresses()),
        f"  or log in at {address}/office: the code comes by mail, into the folder"
        f" {settings.email_url.removeprefix('file:')}",
        *more,
        "",
    ]


def _office_addresses() -> list[str]:
    from maninso.petitions import accounts

    return [member.email for member in accounts.list_members()]


def _moment() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
