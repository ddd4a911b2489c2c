"""`python -m maninso.ledger verify TARGET`: a recount that needs nothing of the site's software but this package."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from maninso import ManinsoError, UsageError
from maninso.ledger.errors import LedgerError
from maninso.ledger.note import VerifierKey
from maninso.ledger.policy import read_policy
from maninso.ledger.recompute import Progress
from maninso.ledger.verify import end_interrupted, save_checkpoint, verify_log


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0 if all is right, 1 if something is wrong, 2 for bad usage, 3 if it is unreadable.

    130 if it was interrupted, so that nothing is known either.
    """
    options = _build_parser().parse_args(arguments)
    try:
        report = verify_log(
            options.target,
            keys=[_parse_key(text) for text in options.key],
            policy=read_policy(options.policy) if options.policy else None,
            deep=options.deep,
            old=options.old,
            receipts=options.receipt,
            promises=options.promise,
            now=int(time.time()),
            keep=options.keep,
            progress=show_progress() if sys.stderr.isatty() and not options.json else None,
            jobs=options.jobs,
        )
        if options.save:
            save_checkpoint(report, options.save)
    except ManinsoError as error:
        sys.stderr.write(f"{error} {error.cure}".strip() + "\n")
        return error.exit_status
    except KeyboardInterrupt:
        end_interrupted()
    sys.stdout.write(json.dumps(report.to_json(), ensure_ascii=False) + "\n" if options.json else report.render())
    return 0 if report.ok else 1


def show_progress() -> Progress:
    """A progress bar on standard error, drawn at most ten times a second."""
    drawn = 0.0

    def draw(done: int, size: int) -> None:
        nonlocal drawn
        moment = time.monotonic()
        if moment - drawn < 0.1 and done < size:
            return
        drawn = moment
        filled = 30 * done // size
        end = "\n" if done == size else ""
        sys.stderr.write(f"\r[{'#' * filled}{'.' * (30 - filled)}] {done:,} of {size:,} leaves{end}")
        sys.stderr.flush()

    return draw


def _parse_key(text: str) -> VerifierKey:
    try:
        return VerifierKey.parse(text.strip())
    except LedgerError as error:
        raise UsageError(str(error), cure=error.cure) from error


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m maninso.ledger", description="Recounts a petition's log.")
    verify = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "verify",
        help="recount a log and check all that it claims",
        epilog="Exit status: 0 all is right; 1 something is wrong; 2 bad usage; 3 it could not be read.",
    )
    verify.add_argument("target", metavar="TARGET", help="a petition's, a site's or a log's URL, or a folder")
    verify.add_argument("--key", action="append", default=[], metavar="VKEY", help="the log's or site's public key")
    verify.add_argument("--old", action="append", default=[], type=Path, metavar="FILE", help="an older checkpoint")
    verify.add_argument("--receipt", action="append", default=[], type=Path, metavar="FILE", help="a signer's receipt")
    verify.add_argument("--policy", type=Path, metavar="FILE", help="a tlog-policy: the logs and witnesses you trust")
    verify.add_argument("--deep", action="store_true", help="hold the site's log and its petitions' against each other")
    verify.add_argument("--promise", action="append", default=[], type=Path, metavar="FILE", help="a signer's promise")
    verify.add_argument("--save", type=Path, metavar="FILE", help="keep the checkpoint here if all is right")
    verify.add_argument("--keep", type=Path, metavar="FOLDER", help="keep a copy, and fetch only what is new")
    verify.add_argument("--json", action="store_true", help="print one JSON object")
    verify.add_argument("--jobs", type=int, default=4, metavar="N", help="requests at a time (4)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
