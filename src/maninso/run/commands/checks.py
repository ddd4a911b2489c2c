"""`maninso verify` and `maninso doctor`: what is claimed, and whether this site is well."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from maninso import UsageError
from maninso.ledger.errors import LedgerError
from maninso.ledger.note import VerifierKey
from maninso.ledger.policy import read_policy
from maninso.ledger.verify import end_interrupted, save_checkpoint, verify_log
from maninso.run.commands.options import AsJson
from maninso.run.console import say_json, say_table, show_progress


def verify(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A petition's URL, a site's, a log's, or a folder.")],
    key: Annotated[
        list[str] | None, typer.Option("--key", metavar="VKEY", help="A key that you trust: of the log or of the site.")
    ] = None,
    old: Annotated[
        list[Path] | None, typer.Option("--old", metavar="FILE", help="A checkpoint kept from before.")
    ] = None,
    receipt: Annotated[list[Path] | None, typer.Option("--receipt", metavar="FILE", help="A signer's receipt.")] = None,
    promise: Annotated[
        list[Path] | None, typer.Option("--promise", metavar="FILE", help="A promise that a signer got.")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", metavar="FILE", help="A tlog-policy: the logs and witnesses that you trust."),
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Hold the site's log and its petitions' logs against each other.")
    ] = False,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Keep the checkpoint here if all is right.")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FOLDER", help="Keep a copy, and fetch only what is new."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", help="Requests at a time.")] = 4,
    as_json: AsJson = False,
) -> None:
    """Recount a petition from its log, or check a site's log, and all that they claim."""
    keys = [_parse_key(text) for text in key or []]
    try:
        with show_progress("leaves", quiet=as_json) as progress:
            report = verify_log(
                target,
                keys=keys,
                policy=read_policy(policy) if policy else None,
                deep=deep,
                old=old or [],
                receipts=receipt or [],
                promises=promise or [],
                now=int(time.time()),
                keep=keep,
                progress=progress,
                jobs=jobs,
            )
    except KeyboardInterrupt:
        end_interrupted()
    if save:
        save_checkpoint(report, save)
    if as_json:
        say_json(report.to_json())
    else:
        sys.stdout.write(report.render())
    raise typer.Exit(0 if report.ok else 1)


def _parse_key(text: str) -> VerifierKey:
    try:
        return VerifierKey.parse(text.strip())
    except LedgerError as error:
        raise UsageError(f"--key: {error}", cure=error.cure) from error


def doctor(as_json: AsJson = False) -> None:
    """Check configuration, database, keys, disk, clock and mail, and say the cure. Exit status 1 if one fails."""
    from maninso.run.doctor import examine

    findings = examine()
    failed = any(finding.verdict == "fail" for finding in findings)
    if as_json:
        rows = [
            {"check": each.check, "verdict": each.verdict, "message": each.message, "cure": each.cure}
            for each in findings
        ]
        say_json({"ok": not failed, "findings": rows})
    else:
        say_table(
            ["check", "verdict", "found", "what to do"],
            [[each.check, each.verdict, each.message, each.cure] for each in findings],
        )
    raise typer.Exit(1 if failed else 0)
