"""`maninso import`: petitions that another site ran, bills that petitions led to, calendars of institutions."""

import datetime as dt
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maninso import ManinsoError
from maninso.charter import read_charter
from maninso.run.commands.options import AsJson, CharterOption
from maninso.run.console import say, say_json, say_table, show_progress
from maninso.run.database import open_site
from maninso.run.settings import read_settings

if TYPE_CHECKING:  # it needs Django set up
    from maninso.petitions.opendata.importing import ImportReport

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be kept, and keep nothing.")]

app = typer.Typer(help="Bring in petitions of another site, bills, and calendars.", no_args_is_help=True)


@app.callback()
def choose() -> None:
    """Bring in petitions of another site."""


@app.command(name="blue-house")
def import_blue_house(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="JSON lines, plain or .gz.")],
    charter: CharterOption = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Bring in petitions of the Korean presidential petition site, one JSON object a line.

    Running it twice changes nothing. A bad line is named and skipped, the rest is kept.
    """
    with open_site(read_settings()) as settings:
        from maninso.petitions.opendata import bluehouse

        rules = read_charter(charter or settings.charter)
        with show_progress("bytes", quiet=as_json) as progress:
            now = dt.datetime.now(dt.UTC)
            report = bluehouse.import_blue_house(files, charter=rules, now=now, dry=dry_run, progress=progress)
    _tell(report, charter_id=rules.id, as_json=as_json)


@app.command(name="uk")
def import_uk(
    place: Annotated[Path, typer.Argument(metavar="FILE_OR_DIR", help="JSON, or a folder with .json in it.")],
    charter: CharterOption = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Bring in petitions in petition.parliament.uk's JSON: a page of a list, or one petition, a file each.

    Running it twice changes nothing. What cannot be used is named and skipped, the rest is kept.
    """
    with open_site(read_settings()) as settings:
        from maninso.petitions.opendata import uk

        rules = read_charter(charter or settings.charter)
        with show_progress("files", quiet=as_json) as progress:
            now = dt.datetime.now(dt.UTC)
            report = uk.import_uk(place, charter=rules, now=now, dry=dry_run, progress=progress)
    _tell(report, charter_id=rules.id, as_json=as_json)


def _tell(report: "ImportReport", *, charter_id: str, as_json: bool) -> None:
    if as_json:
        say_json(_as_json(report, charter_id=charter_id))
    else:
        _say_report(report)
    if report.skipped and len(report.skipped) == report.read:
        raise ManinsoError("nothing could be used", cure="see that the files have the form that the command reads")


@app.command(name="bills")
def import_bills(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Bills as .json or .csv.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Bring in bills, rulings and refusals that petitions led to.

    A record replaces the one of its register and number; running it twice changes nothing.
    """
    with open_site(read_settings()):
        from maninso.petitions.opendata import bills

        report = bills.import_bills(files, dry=dry_run, now=dt.datetime.now(dt.UTC))
    skipped = [{"file": each.file, "place": each.place, "reason": each.reason} for each in report.skipped]
    if as_json:
        counts = {"added": report.added, "changed": report.changed, "unchanged": report.unchanged}
        say_json({"dry_run": report.dry, "read": report.read, **counts, "skipped": skipped})
    else:
        would = "would be " if report.dry else ""
        say(
            f"{report.read:,} records: {report.added:,} {would}added, {report.changed:,} {would}changed, "
            f"{report.unchanged:,} unchanged, {len(skipped):,} skipped."
        )
        for each in report.skipped:
            say(f"  {each.file}, {each.place}: {each.reason}")
    if skipped and len(skipped) == report.read:
        raise ManinsoError("no record could be used", cure="correct what is named above: docs/reference/bills.md")


@app.command(name="calendar")
def import_calendar(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Days and their kinds as .csv or .json.")],
    institution: Annotated[str, typer.Option("--institution", metavar="ID", help="The id of its charter.")],
    since: Annotated[
        dt.datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day that the file knows.")
    ] = None,
    until: Annotated[
        dt.datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day that the file knows.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and keep nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give an institution's calendar: its days of sitting, and days off besides the public holidays.

    They replace those of their kind from the first day to the last; days that are owed and count them follow.
    """
    with open_site(read_settings()):
        from maninso.petitions.lifecycle import SYSTEM
        from maninso.petitions.obligations import give_calendar
        from maninso.petitions.opendata.calendars import read_calendar_file

        first, last = (each.date() if each else None for each in (since, until))
        given = read_calendar_file(file, since=first, until=last)
        report = give_calendar(institution, given, actor=SYSTEM, now=dt.datetime.now(dt.UTC), dry=dry_run)
    if as_json:
        say_json({"dry_run": dry_run, "added": report.added, "removed": report.removed, "moved": report.moved})
    else:
        would = "would be " if dry_run else ""
        say(
            f"{report.added:,} days {would}added, {report.removed:,} {would}removed; "
            f"the day of {len(report.moved):,} debts {would}moved."
        )


def _say_report(report: "ImportReport") -> None:
    would = "would be " if report.dry else ""
    kept = f"{report.added:,} {would}kept as new, {report.changed:,} {would}changed, {report.unchanged:,} unchanged"
    say(f"{report.read:,} lines: {kept}, {len(report.skipped):,} skipped.")
    for skipped in report.skipped:
        say(f"  {skipped.file}:{skipped.line}: {skipped.reason}")
    reached = sorted(report.reached, key=lambda each: each.needed)
    for needed, group in groupby(reached, key=lambda each: each.needed):
        found = list(group)
        say(f"\n{len(found):,} petitions reached {needed:,}.")
        say(f"For each the charter would have owed: {found[0].what['en']} ({found[0].who['en']}).")
        rows = [
            [each.source_id, f"{each.count:,}", each.due_on.isoformat() if each.due_on else "no day set", each.title]
            for each in found
        ]
        say_table(["number there", "signatures", "owed by", "title"], rows, right=(1,))


def _as_json(report: "ImportReport", *, charter_id: str) -> dict[str, object]:
    return {
        "charter": charter_id,
        "dry_run": report.dry,
        "read": report.read,
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "skipped": [{"file": each.file, "line": each.line, "reason": each.reason} for each in report.skipped],
        "reached": [
            {
                "petition": None if report.dry else each.petition_id,
                "source_id": each.source_id,
                "title": each.title,
                "signatures": each.count,
                "needed": each.needed,
                "what": dict(each.what),
                "who": dict(each.who),
                "due": each.due_on.isoformat() if each.due_on else None,
            }
            for each in report.reached
        ],
    }
