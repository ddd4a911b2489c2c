"""`maninso index`: brings what petitions are found by up to date."""

import datetime as dt
import os
import time
from typing import Annotated

import typer

from maninso import ManinsoError
from maninso.run.commands.options import AsJson
from maninso.run.console import say, say_json, show_progress
from maninso.run.settings import read_settings

STARTING = 30.0  # seconds that the encoder may need to start, or not answer


def index(
    again: Annotated[bool, typer.Option("--again", help="Write all of it anew, not only what is due.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the search index up to date; the worker does the same by itself."""
    from maninso.run.database import open_site
    from maninso.run.encoding import keep_encoder

    with open_site(read_settings()) as settings:
        from maninso.petitions import discovery

        due = discovery.make_all_due() if again else discovery.index_lag()
        done = 0
        with show_progress("petitions indexed", quiet=as_json) as progress:
            while taken := discovery.index_batch():
                done += taken
                progress(done, max(due, done))
        discovery.count_grams(now=dt.datetime.now(dt.UTC), always=again)
        with keep_encoder(settings, passages=len(os.sched_getaffinity(0))):
            encoded = encode(quiet=as_json) if settings.semantic else 0
        left = discovery.vector_lag()
    if as_json:
        say_json({"indexed": done, "encoded": encoded, "left": left})
    else:
        say(f"indexed {done:,} petitions, made {encoded:,} vectors")
    if left:
        raise ManinsoError(
            f"{left:,} petitions have no vector yet: the encoder did not answer",
            cure="run the command again; if that changes nothing, set MANINSO_SEMANTIC=0 and report it as an error",
        )


def encode(*, quiet: bool) -> int:
    """Make the missing vectors, giving the encoder time to start; returns how many were made."""
    from maninso.petitions import discovery

    missing, done, patience = discovery.vector_lag(), 0, STARTING
    with show_progress("vectors made", quiet=quiet) as progress:
        while done < missing and patience > 0:
            taken = discovery.encode_batch()
            done += taken
            progress(done, max(missing, done))
            if not taken:
                time.sleep(1.0)
                patience -= 1.0
    return done
