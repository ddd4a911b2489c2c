"""`maninso office`: who is in the back office, and its record, for operators on the site's machine."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from maninso import ManinsoError
from maninso.run.commands.options import AsJson
from maninso.run.console import say, say_json, say_table
from maninso.run.database import open_site
from maninso.run.settings import read_settings

app = typer.Typer(help="Who is in the back office, and its record.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")]


class AuditError(ManinsoError):
    """The office's record was changed."""


@app.callback()
def choose() -> None:
    """Who is in the back office, and its record."""


@app.command()
def add(
    email: Email,
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="moderator, clerk, auditor or operator.")],
    institution: Annotated[
        str, typer.Option("--institution", metavar="CHARTER", help="Whose debts a clerk answers for; all if left out.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Give a person a role in the office, or change it."""
    with open_site(read_settings()) as settings:
        from maninso.petitions import accounts

        member, is_new = accounts.add_member(email=email, role=role, institution=institution, now=_now())
        if as_json:
            say_json({"email": member.email, "role": member.role, "institution": member.institution, "new": is_new})
            return
        say(f"{member.email} is {'now' if is_new else 'from now on'} {_article(role)} {role}")
        say(f"  next: log in at /office on {settings.host}; a code comes by mail, then a second factor is set up")
        if settings.email_url.startswith("file:"):
            say(f"  mail is written to the folder {settings.email_url.removeprefix('file:')}")


@app.command()
def remove(email: Email) -> None:
    """Take a person's role away. Whoever is logged in with it is out at once."""
    with open_site(read_settings()):
        from maninso.petitions import accounts

        member = accounts.remove_member(email=email, now=_now())
        say(f"{member.email} is not in the office any more")


@app.command(name="list")
def list_all(as_json: AsJson = False) -> None:
    """List everybody who is in the office."""
    with open_site(read_settings()):
        from maninso.petitions import accounts

        members = accounts.list_members()
    if as_json:
        say_json({"members": [{"email": m.email, "role": m.role, "institution": m.institution} for m in members]})
        return
    rows: list[Sequence[str]] = [
        [m.role, m.email, m.institution, m.last_login.isoformat(timespec="minutes") if m.last_login else "never"]
        for m in members
    ]
    say_table(["role", "address", "institution", "last log-in"], rows)


@app.command()
def audit(
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Also write the record to a file, as JSON lines.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that nobody changed the office's record; exit status 1 names the first entry that is wrong."""
    with open_site(read_settings()):
        from maninso.petitions.audit import export_audit, verify_audit

        report = verify_audit()
        if export is not None:
            with export.open("wb") as file:
                file.writelines(export_audit())
    if as_json:
        say_json({"size": report.size, "sha256": report.digest, "wrong": report.wrong, "fault": report.fault})
        if report.wrong is not None:
            raise typer.Exit(1)
        return
    if report.wrong is not None:
        raise AuditError(
            f"entry {report.wrong} of the office's record is wrong: {report.fault}",
            cure="compare it with an export or a backup that is older; everything before it is sound",
        )
    say(f"{report.size:,} entries, all unchanged")
    say(f"  keep this digest, and no entry up to here can be changed unnoticed: {report.digest}")


def _article(role: str) -> str:
    return "an" if role[0] in "ao" else "a"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
