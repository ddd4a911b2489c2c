"""A copy of the site as files: any web server serves it, anybody can check it, and the next one makes what is new."""

import dataclasses
import datetime as dt
import json
import re
import threading
import urllib.error
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.test import Client

from maninso import UsageError
from maninso.ledger.note import VerifierKey
from maninso.ledger.report import FolderReport
from maninso.ledger.verify import verify_log
from maninso.petitions.discovery import forget_choices
from maninso.petitions.lifecycle import Reason, remove_petition
from maninso.run.commands.export import make_signer, make_source
from maninso.run.export import Exported, Source, export_site, find_address, find_variant

pytestmark = pytest.mark.django_db

HOST = "https://petitions.example.org"
Export = Callable[[], Exported]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "copy"


@pytest.fixture
def export(client: Client, folder: Path, now: dt.datetime) -> Export:
    """Export the site as the command does, asking by the test's own connection."""

    def ask(path: str, query: str) -> tuple[int, bytes]:
        reply = client.get(f"{path}?{query}" if query else path)
        return reply.status_code, b"".join(reply) if reply.streaming else reply.content

    def run() -> Exported:
        forget_choices()
        source: Source = dataclasses.replace(make_source(settings.MANINSO, now=now), ask=ask)
        return export_site(folder, source, signer=make_signer(settings.MANINSO), now=now)

    return run


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def served(folder: Path) -> Iterator[str]:
    """Serve the folder as `python -m http.server` does."""
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def check(folder: Path, **given: Any) -> FolderReport:
    report = verify_log(str(folder), **given)
    assert isinstance(report, FolderReport)
    return report


def test_a_copy_shows_the_site_and_every_link_in_it_leads_somewhere(
    served: str,
    export: Export,
    opened: Callable[..., int],
    sign: Any,
    seal: Any,
    now: dt.datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("maninso.web.pages.petitions.PER_PAGE", 2)
    numbers = [opened(title=f"Number {number}") for number in range(3)]
    sign(numbers[0], 60)
    seal(now)
    done = export()
    assert (done.petitions, done.kept, done.removed) == (3, 0, 0)
    assert export().written <= 1  # moderation.json says the second that it is of
    seen: set[str] = set()
    waiting = ["/", "/en/", f"/petitions/{numbers[0]}.json", f"/p/{numbers[0]}/log/checkpoint", "/petitions.csv"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        with urlopen(served + path) as reply:
            body = reply.read()
        if reply.headers["Content-Type"].startswith("text/html"):
            text = body.decode()
            assert text.count('<aside class="say"') >= 1
            waiting += [each.partition("#")[0] for each in re.findall(r'(?:href|src)="(/[^"]*)"', text)]
    assert {f"/en/petitions/{number}" for number in numbers} <= seen
    assert {"/en/petitions/pages/2", "/en/obligations/owed", "/petitions.json", f"/en/petitions/{numbers[0]}"} <= seen
    assert not [path for path in seen if "?" in path]
    page = urlopen(f"{served}/en/petitions/{numbers[0]}").read().decode()
    assert "Number 0" in page
    assert f'href="{HOST}/en/petitions/{numbers[0]}/sign"' in page or f'action="{HOST}' in page
    assert 'This is a copy of <a href="https://petitions.example.org">' in page
    with pytest.raises(urllib.error.HTTPError):
        urlopen(f"{served}/office")


@pytest.mark.usefixtures("few_pages")
def test_a_copy_can_be_checked(
    folder: Path, export: Export, client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime
) -> None:
    petition = opened()
    sign(petition, 300)
    seal(now)
    export()
    report = check(folder)
    assert report.ok
    assert report.export is not None
    assert [log.origin for log in report.logs] == [f"petitions.example.org/p/{petition}/log"]
    assert "key was read from the copy itself" in report.export.warnings[0]
    key = client.get("/export/key").content.decode().strip()
    assert (folder / "export/key").read_text().strip() == key
    trusting = check(folder, keys=[VerifierKey.parse(key)])
    assert (trusting.ok, trusting.export and trusting.export.warnings) == (True, [])
    assert json.dumps(trusting.to_json())
    page = folder / f"en/petitions/{petition}/index.html"
    page.write_bytes(page.read_bytes().replace(b"300", b"900"))
    (folder / "petitions.csv").unlink()
    (folder / "strange.html").write_text("x")
    report = check(folder)
    assert not report.ok
    assert report.export is not None
    assert [each.message for each in report.export.problems] == [
        f"en/petitions/{petition}/index.html has other bytes than were signed.",
        "petitions.csv is missing.",
    ]
    assert "strange.html" in report.export.warnings[-1]
    assert "The files do not hold." in report.render()


@pytest.mark.usefixtures("few_pages")
def test_another_manifest_or_key_is_found(folder: Path, export: Export, opened: Callable[..., int]) -> None:
    opened()
    export()
    manifest = folder / "export/manifest"
    whole = manifest.read_bytes()
    for forged, reason in (
        (whole.replace(b"petitions.csv", b"petitions.csw"), "changed-file"),
        (whole + b"x\n", "malformed-manifest"),
        (whole.replace(b"petitions.csv", b"../secret.csv"), "malformed-manifest"),
        (b"", "malformed-manifest"),
    ):
        manifest.write_bytes(forged)
        report = check(folder)
        assert report.export is not None
        assert [each.reason for each in report.export.problems] == [reason]
    manifest.write_bytes(whole)
    other = VerifierKey.parse((folder / "export/key").read_text().strip())
    other = dataclasses.replace(other, public_key=bytes(32))
    assert not check(folder, keys=[other]).ok
    elsewhere = VerifierKey("elsewhere.example/export", other.type, other.public_key)
    report = check(folder, keys=[elsewhere])
    assert report.export is not None
    assert [each.reason for each in report.export.problems] == ["wrong-key"]


@pytest.mark.usefixtures("few_pages")
def test_the_next_copy_makes_what_is_new(
    folder: Path, export: Export, opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime
) -> None:
    still, moving, gone = opened(title="Still"), opened(title="Moving"), opened(title="Gone")
    sign(moving, 300)
    seal(now)
    export()
    untouched = folder / f"petitions/{still}/index.html"
    before = untouched.stat().st_mtime_ns
    assert export().written <= 1  # moderation.json
    sign(moving, 300, first=300)
    seal(now)
    remove_petition(gone, reason=Reason(code="personal-data"), now=now)
    done = export()
    assert done.removed > 0  # the partial tiles that have grown, and the data of the petition that was removed
    assert untouched.stat().st_mtime_ns == before
    assert json.loads((folder / f"petitions/{moving}.json").read_text())["data"]["attributes"]["signature_count"] == 600
    assert not (folder / f"petitions/{gone}.json").exists()
    assert "Gone" not in (folder / f"en/petitions/{gone}/index.html").read_text()
    assert check(folder).ok


@pytest.mark.usefixtures("few_pages")
def test_only_its_own_folders_are_kept_to_what_the_site_has(
    folder: Path, export: Export, opened: Callable[..., int]
) -> None:
    opened()
    export()
    left = (folder / "CNAME", folder / ".well-known" / "security.txt", folder / "notes" / "mine.txt")
    stray = folder / "petitions" / "999" / "index.html"
    for each in (*left, stray):
        each.parent.mkdir(exist_ok=True)
        each.write_text("x")
    assert export().removed == 1
    assert ([each.exists() for each in left], stray.exists()) == ([True] * 3, False)
    assert check(folder).ok


def test_a_folder_with_something_else_is_left_alone(folder: Path, export: Export) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match="no copy of a site"):
        export()
    assert [each.name for each in folder.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("path", "query", "place"),
    [
        ("/petitions", "", "/petitions"),
        ("/petitions", "after=abc&page=3", "/petitions/pages/3"),
        ("/petitions", "page=1", "/petitions"),
        ("/petitions", "state=open", ""),
        ("/petitions", "page=x", ""),
        ("/obligations", "status=kept", "/obligations/kept"),
        ("/charter/university", "version=0123abcd", "/charter/university/0123abcd"),
        ("/feeds/petitions.atom", "lang=ko", "/feeds/petitions.atom"),
        ("/petitions/12", "", "/petitions/12"),
        ("/petitions/similar", "title=x", ""),
    ],
)
def test_where_a_copy_has_a_page(path: str, query: str, place: str) -> None:
    assert find_variant(path, query) == place
    if place.startswith(("/petitions/pages", "/obligations", "/charter")):
        assert find_variant(*find_address(place)) == place
