"""`maninso rebuild`: brings a log whose end is lost up to what was published (docs/howto/recover-a-log.md)."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from maninso import ManinsoError
from maninso.ledger.checkpoint import open_checkpoint
from maninso.ledger.fetch import FolderSource, HttpSource, SourceTiles
from maninso.ledger.note import MAX_NOTE_BYTES
from maninso.run.commands.options import AsJson
from maninso.run.commands.site import parse_number
from maninso.run.console import say, say_json
from maninso.run.settings import read_or_make_secret, read_settings


def rebuild(
    log: Annotated[str, typer.Argument(metavar="PETITION|site", help="A petition's number, or the site's own log.")],
    source: Annotated[
        str, typer.Option("--from", metavar="PLACE", help="A copy of the log's files: an address or a folder.")
    ],
    as_json: AsJson = False,
) -> None:
    """Rebuild a log that a restored database has lost the end of, from its published files, and publish it again."""
    from maninso.run.database import connect, open_site
    from maninso.run.shelf import forget_log
    from maninso.signing.keys import LogKey, name_log, name_site_log
    from maninso.signing.rebuild import rebuild_log
    from maninso.signing.sequencer import Sequencer
    from maninso.signing.signed import SignedFiles
    from maninso.signing.tree import find_contradictions

    settings = read_settings()
    petition_id = 0 if log == "site" else parse_number(log)
    origin = name_log(settings.host, petition_id) if petition_id else name_site_log(settings.host)
    key_file = settings.keys_dir / "log.key"
    if not key_file.exists():
        raise ManinsoError(f"{key_file} is not there", cure="rebuild on the machine where the worker runs")
    log_key = LogKey(read_or_make_secret(key_file))
    key = log_key.sign_as(origin).verifier
    signed = SignedFiles(settings.signed_dir)
    place = HttpSource(source.rstrip("/")) if "://" in source else FolderSource(Path(source))
    with open_site(settings) as opened:
        point = open_checkpoint(place.fetch("checkpoint", MAX_NOTE_BYTES), origin=origin, key=key)
        with connect(opened) as connection, connection.transaction(), connection.cursor() as cursor:
            done = rebuild_log(cursor, petition_id=petition_id, point=point, published=SourceTiles(place))
            for number, error in find_contradictions(cursor, signed):
                if number == petition_id:
                    raise error  # these files end before what was signed: nothing is changed
        forget_log(settings.cache_dir, petition_id)
        with connect(opened) as connection:
            sequencer = Sequencer(connection, log_key.sign_as, signed=signed)
            if sequencer.take_lock():  # else a worker runs, and publishes it at its next tick
                for number, error in sequencer.catch_up(now=dt.datetime.now(dt.UTC)).failed:
                    if number == petition_id:
                        raise error
    if as_json:
        say_json({"origin": origin, "kept": done.kept, "added": done.added, "moved": done.moved})
    else:
        say(f"{origin}: {done.kept:,} leaves were here, {done.added:,} came from {source}")
        say(f"{done.moved:,} signatures that were taken meanwhile come after them")
