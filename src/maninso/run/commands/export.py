"""`maninso export`: the whole public record as static, signed files."""

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maninso.run.commands.options import AsJson
from maninso.run.console import say, say_json, show_progress
from maninso.run.database import open_site
from maninso.run.settings import Settings, read_or_make_secret, read_settings

if TYPE_CHECKING:
    from maninso.ledger.note import SignerKey
    from maninso.run.export import Source


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder, or an earlier copy.")],
    as_json: AsJson = False,
) -> None:
    """Copy everything public into a folder that any web server can serve; again, and only what is new is made."""
    with open_site(read_settings()) as settings:
        from maninso.run.export import export_site

        logging.getLogger("django.request").setLevel(logging.ERROR)  # that a tombstone is answered 410 is no news
        now = dt.datetime.now(dt.UTC)
        with show_progress("petitions", quiet=as_json) as progress:
            source = make_source(settings, now=now)
            done = export_site(folder, source, signer=make_signer(settings), now=now, progress=progress)
    if as_json:
        say_json(vars(done))
        return
    say(f"{done.petitions:,} petitions: {done.written:,} files written, {done.kept:,} kept, {done.removed:,} removed.")
    say(f"Serve it with any web server, such as: python -m http.server --directory {folder}")
    say(f"Check it with: maninso verify {folder}")


def make_signer(settings: Settings) -> "SignerKey":
    """Return the key that signs this site's copies, and nothing else."""
    from maninso.ledger.manifest import export_name
    from maninso.ledger.note import SignerKey

    return SignerKey(export_name(settings.host), read_or_make_secret(settings.keys_dir / "export.key"))


def make_source(settings: Settings, *, now: dt.datetime) -> "Source":
    """Return this site as it is copied; Django must have been started."""
    from django.core.wsgi import get_wsgi_application

    from maninso.petitions import access, discovery, noticeboard
    from maninso.petitions.access import site
    from maninso.petitions.opendata.published import Published, list_published, list_published_bills
    from maninso.run.bridge import Bridge, make_environ
    from maninso.run.export import Source
    from maninso.run.front import Question
    from maninso.web.pages.petitions import PER_PAGE, VERSION_DIGITS
    from maninso.web.shared.addresses import site_origin
    from maninso.web.shared.charters import find_charter, site_charter
    from maninso.web.shared.copies import say_copy

    bridge = Bridge(get_wsgi_application(), threads=1)

    def ask(path: str, query: str) -> tuple[int, bytes]:
        question = Question(path, query, "127.0.0.1:80", "http", {"host": settings.host})
        answer = bridge.call(make_environ(question, b""))
        return answer.status, answer.body

    def published() -> Iterator[Published]:
        return list_published(now=now)

    choices = discovery.list_choices()
    known = [find_charter(name) for name in choices.institutions]
    charters = {(each.id, each.digest.hex()) for each in (site_charter(), *known) if each is not None}
    listed = discovery.search_petitions(wanted=discovery.Wanted(), choices=choices, page=1, per_page=1, now=now)
    return Source(
        host=settings.host,
        origin=site_origin(),
        ask=ask,
        read_log=lambda number, path: access.read_log_file(number, path) if number else site.read_site_file(path),
        published=published,
        bills=list_published_bills,
        charters=sorted((name, digest[:VERSION_DIGITS]) for name, digest in charters),
        slugs=sorted({page.slug for language in ("ko", "en") for page in noticeboard.list_pages(language)}),
        list_pages=max(1, -(-listed.total // PER_PAGE)),
        say_copy=say_copy,
    )
