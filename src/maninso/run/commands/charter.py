"""`maninso charter`: the rules themselves, and what they would have owed."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from maninso import ManinsoError, UnreadableError, UsageError
from maninso.charter import (
    Charter,
    CharterError,
    Counts,
    Verdict,
    describe,
    is_met,
    legal_day,
    load_charter,
    load_counts,
    load_preset,
    preset_ids,
    read_charter,
    whatif,
    whatif_as_json,
)
from maninso.run.commands.options import AsJson, Language
from maninso.run.console import say, say_error, say_json, say_table
from maninso.run.database import open_site
from maninso.run.settings import read_settings

app = typer.Typer(
    help="Institutions' rules: list, show, check, and ask what they would have owed.", no_args_is_help=True
)

CharterArgument = Annotated[str, typer.Argument(metavar="ID", help="A preset's id or the path of a charter file.")]

_TALLY = """
    SELECT t.hour, g.regions[t.region + 1], sum(t.signatures - t.voids)::bigint
    FROM signing_tally t JOIN signing_gate g USING (petition_id)
    WHERE t.petition_id = %s GROUP BY 1, 2 ORDER BY 1
"""


@dataclass(frozen=True, kw_only=True)
class History:
    """How a petition's count grew: its day of registration, its last counts, and the hours in which more came."""

    registered: dt.date
    counts: Counts
    hours: tuple[tuple[dt.datetime, Counts], ...]  # the beginning of an hour, the counts at its end
    closed_at: dt.datetime | None
    is_reported: bool  # by another site: then nobody knows when a threshold was met


@app.command(name="list")
def list_charters(as_json: AsJson = False) -> None:
    """List the shipped charters."""
    charters = [load_preset(preset_id) for preset_id in preset_ids()]
    if as_json:
        say_json({"charters": [_summarise(charter) for charter in charters]})
        return
    rows = [
        [charter.id, charter.institution.en, ", ".join(f"{each.needed:,}" for each in charter.thresholds)]
        for charter in charters
    ]
    say_table(["id", "institution", "signatures"], rows)


@app.command()
def show(charter: CharterArgument, language: Language = "en", as_json: AsJson = False) -> None:
    """Print a charter in words: each figure with its value, how sure it is, and its source."""
    if language not in ("ko", "en"):
        raise UsageError(f"--language {language!r} is neither ko nor en", cure="give one of the two")
    found = read_charter(charter)
    described = describe(found, language)
    if as_json:
        parts = [
            {
                "heading": heading,
                "rows": [
                    {"figure": row.figure, "value": row.value, "confidence": row.confidence, "source": row.source}
                    for row in rows
                ],
            }
            for heading, rows in described
        ]
        say_json({"id": found.id, "sha256": found.digest.hex(), "parts": parts})
        return
    for heading, rows in described:
        say(f"\n{heading}")
        say_table(["", "", "", ""], [list(row) for row in rows])


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A charter as TOML.")], as_json: AsJson = False
) -> None:
    """Check a charter file; every fault is named with its line. Exit status 1 if there is one."""
    try:
        source = file.read_bytes()
    except OSError as error:
        raise UnreadableError(f"{file}: {error.strerror}", cure="check the path") from error
    try:
        found = load_charter(source, name=str(file))
    except CharterError as error:
        if as_json:
            say_json({"ok": False, "problems": str(error).splitlines()})
        else:
            say_error(error)
        raise typer.Exit(1) from None
    if as_json:
        say_json({"ok": True, "problems": [], **_summarise(found)})
    else:
        say(f"{file}: the charter {found.id} is right (SHA-256 {found.digest.hex()})")


@app.command(name="whatif")
def ask_whatif(
    charter: CharterArgument,
    petition: Annotated[
        int | None, typer.Option("--petition", metavar="N", help="A petition of this site, with its history.")
    ] = None,
    counts: Annotated[
        Path | None,
        typer.Option("--counts", metavar="FILE", help='{"registered": "YYYY-MM-DD", "signatures": N, "by_region": {}}'),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a charter would have owed, for a petition of this site or for counts from elsewhere."""
    if (petition is None) == (counts is None):
        raise UsageError("whatif needs one of --petition N and --counts FILE", cure="give one of the two")
    found = read_charter(charter)
    if petition is not None:
        with open_site(read_settings()):
            history = read_history(petition, charter=found)
    else:
        assert counts is not None  # noqa: S101 - exactly one is given
        history = _read_counts(counts, found)
    verdicts = judge(found, history)
    if as_json:
        answer = whatif_as_json(found, registered=history.registered, verdicts=verdicts)
        say_json(answer if petition is None else {**answer, "petition": petition, "is_reported": history.is_reported})
        return
    say(f"{found.title.en} ({found.id}), registered on {history.registered}:")
    if history.is_reported:
        say("The count is one that another site reported; nobody can check it here.")
    say_table(["threshold", "signatures", "needed", "regions", "met", "owed", "due"], [_row(each) for each in verdicts])


def judge(charter: Charter, history: History) -> list[Verdict]:
    """Say for each threshold of a charter what this history would have made it owe."""
    verdicts = []
    for number, threshold in enumerate(charter.thresholds):
        met_at = next(
            (hour for hour, counts in history.hours if is_met(threshold, counts, registered_on=history.registered)),
            None,
        )
        asked = whatif(
            charter,
            registered=history.registered,
            counts=history.counts,
            threshold_met_at=met_at,
            closed_at=history.closed_at,
        )
        verdicts.append(asked[number])
    return verdicts


def read_history(petition_id: int, *, charter: Charter) -> History:
    """Read a petition's history. Django must be set up. Raises ManinsoError where there is none."""
    from django.db import connection

    from maninso.petitions.access import find_petition

    view = find_petition(petition_id, now=dt.datetime.now(dt.UTC))
    if view is None:
        raise UnreadableError(f"there is no petition {petition_id} on this site", cure="check the number")
    if view.opened_at is None:
        raise ManinsoError(f"petition {petition_id} never opened, so it has no history", cure="give one that did")
    with connection.cursor() as cursor:
        cursor.execute(_TALLY, [petition_id])
        tally = cursor.fetchall()
    total, by_region, hours = 0, dict[str, int](), []
    for hour, region, signatures in tally:
        total += signatures
        if region:
            by_region[region] = by_region.get(region, 0) + signatures
        hours.append((view.opened_at + dt.timedelta(hours=hour), Counts(total, dict(by_region))))
    ended = view.closed_at or view.closes_at
    return History(
        registered=legal_day(charter, view.opened_at),
        counts=Counts(view.count, by_region),
        hours=tuple(hours),
        closed_at=ended - dt.timedelta(microseconds=1) if ended else None,  # the end is exclusive
        is_reported=view.count_is_reported,
    )


def _read_counts(path: Path, charter: Charter) -> History:
    try:
        source = path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}", cure="check the path") from error
    registered, counts = load_counts(source, str(path), charter=charter)
    return History(registered=registered, counts=counts, hours=(), closed_at=None, is_reported=True)


def _summarise(charter: Charter) -> dict[str, object]:
    return {
        "id": charter.id,
        "title": {"ko": charter.title.ko, "en": charter.title.en},
        "institution": {"ko": charter.institution.ko, "en": charter.institution.en},
        "sha256": charter.digest.hex(),
        "thresholds": [{"id": each.id, "needed": each.needed} for each in charter.thresholds],
    }


def _row(verdict: Verdict) -> list[str]:
    measured = verdict.measured
    regions = "" if measured.regions_needed is None else f"{measured.regions_met} of {measured.regions_needed}"
    return [
        verdict.threshold.label.en,
        f"{measured.signatures:,}",
        f"{measured.needed:,}",
        regions,
        "yes" if measured.met else "no",
        verdict.owed.what.en if verdict.owed else "nothing",
        verdict.due.on.isoformat() if verdict.due else "",
    ]
