"""`maninso serve`, `worker`, `migrate`, `demo` and `rehearse`: the site's processes.

What a command needs is imported when it runs, so that the others start fast.
"""

import datetime as dt
import socket
from pathlib import Path
from typing import Annotated

import typer

from maninso import ManinsoError, UsageError
from maninso.charter import read_charter
from maninso.run.commands.options import AsJson
from maninso.run.console import say, say_json, say_table, show_progress
from maninso.run.settings import read_settings

Host = Annotated[str, typer.Option("--host", help="The address to listen on; 0.0.0.0 for all of this machine's.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on.")]


LetStand = Annotated[
    bool,
    typer.Option("--let-stand", help="Start even if logs disagree with what was signed; these then stand still."),
]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, metavar="N", help="Web processes.")] = 1,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Leave sequencing to a `maninso worker` elsewhere.")
    ] = False,
    let_stand: LetStand = False,
) -> None:
    """Serve the site, with the worker inside unless told not."""
    from maninso.run.agreement import require_agreement
    from maninso.run.database import open_unkept
    from maninso.run.server import serve as serve_site

    require_free_port(host, port)
    read_charter(read_settings().charter)  # a charter that is none stops the start, not the first petition
    with open_unkept(read_settings()) as settings:
        if not let_stand:
            require_agreement(settings)
        serve_site(settings, host=host, port=port, workers=workers, with_worker=not no_worker)


def worker(
    only: Annotated[
        str, typer.Option("--only", metavar="PART", help="One part of the work: log, or messages. Both without it.")
    ] = "",
    let_stand: LetStand = False,
) -> None:
    """Sequence the logs, close petitions whose day has come, record what is owed, and send messages."""
    from maninso.run.agreement import require_agreement
    from maninso.run.database import keep_embedded, open_unkept
    from maninso.run.worker import run_messages, run_worker

    if only not in ("", "log", "messages"):
        raise UsageError(f"--only {only!r} is no part of a worker's", cure="give log or messages, or leave it out")
    with open_unkept(read_settings()) as settings:
        if only == "messages":
            with keep_embedded(settings):
                run_messages(settings)
            return
        if not let_stand:
            require_agreement(settings)
        run_worker(settings, with_messages=not only)


def migrate(as_json: AsJson = False) -> None:
    """Bring the database to this version."""
    from maninso.run.database import check_database, open_database
    from maninso.run.database import migrate as migrate_database

    with open_database(read_settings()) as settings:
        check_database(settings)
        applied = migrate_database(settings)
    if as_json:
        say_json({"applied": applied})
        return
    for name in applied:
        say(f"applied {name}")
    if not applied:
        say("the database is at this version already")


def demo(
    port: Port = 8000,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw the demonstration away and make a new one.")] = False,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Make the demonstration, but do not serve it.")] = False,
) -> None:
    """Make a sample site with petitions in every state, and serve it."""
    from maninso.run.demo import run_demo

    if not no_serve:
        require_free_port("127.0.0.1", port)
    run_demo(port=port, fresh=fresh, with_server=not no_serve)


def rehearse(
    petition: Annotated[str, typer.Argument(metavar="PETITION|new", help="A petition's number, or `new`.")],
    signers: Annotated[int, typer.Option("--signers", min=1, metavar="N", help="How many made-up people sign.")],
    rate: Annotated[float | None, typer.Option("--rate", metavar="R", help="At most that many a second.")] = None,
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, metavar="C", help="That many at a time.")] = 64,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="The site's address.")] = "http://127.0.0.1:8000",
    tickets: Annotated[
        Path | None,
        typer.Option("--write-tickets", metavar="FILE", help="Only write their tickets, for another load generator."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let made-up people sign over HTTP; only on a site started with MANINSO_REHEARSAL=1."""
    from maninso.run import rehearse as rehearsal
    from maninso.run.database import open_site

    if rate is not None and rate <= 0:
        raise UsageError(f"--rate {rate} lets nobody sign", cure="give a positive number of people a second")
    with open_site(read_settings()) as settings:
        if petition == "new":
            petition_id = rehearsal.open_rehearsal_petition(settings, now=dt.datetime.now(dt.UTC))
        else:
            petition_id = parse_number(petition)
        if not as_json and petition == "new":
            say(f"opened petition {petition_id}: {url}/petitions/{petition_id}")
        if tickets is not None:
            try:
                rehearsal.write_tickets(settings, petition_id=petition_id, signers=signers, file=tickets)
            except OSError as error:
                raise UsageError(f"--write-tickets {tickets}: {error.strerror}", cure="give another file") from error
            if as_json:
                say_json({"petition": petition_id, "tickets": signers, "file": str(tickets)})
            else:
                say(f"wrote {signers:,} tickets for petition {petition_id} to {tickets}")
            return
        with show_progress("made-up people", quiet=as_json) as progress:
            summary = rehearsal.rehearse(
                settings,
                petition_id=petition_id,
                signers=signers,
                rate=rate,
                concurrency=concurrency,
                url=url.rstrip("/"),
                progress=progress,
            )
    if as_json:
        say_json({name: getattr(summary, name) for name in summary.__dataclass_fields__})
    else:
        say_table(["what", "result"], [[name, str(value)] for name, value in rehearsal.describe_summary(summary)])
    if summary.missing:
        raise ManinsoError(
            f"the log lacks {summary.missing:,} signatures that were acknowledged",
            cure="see that the worker runs; if it does, report this as an error with the site's log",
        )


def parse_number(text: str) -> int:
    """Read a petition's number. Raises UsageError."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**63:
        raise UsageError(f"{text!r} is no petition's number", cure="give a number such as 1, or `new`")
    return int(text)


def require_free_port(host: str, port: int) -> None:
    """Raise ManinsoError where something listens there already; granian itself would only say that a process died."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except (OSError, OverflowError) as error:
            raise ManinsoError(
                f"{host}:{port} cannot be listened on: {getattr(error, 'strerror', None) or error}",
                cure="give another with --port (for `make demo`: PORT=8001), or stop what listens there",
            ) from error
