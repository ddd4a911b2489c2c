"""The whole public record as files, which any web server can serve at the same addresses (docs/howto/export-a-site.md).

Pages are asked of the site itself, in this process, as anybody would ask; links that lead to something that a copy
cannot do (search, forms) lead to the site. Logs are copied tile by tile, and what is there already is not made again.
Files appear whole under their names, and the manifest comes last: until a run that was interrupted is taken up again,
`verify` refuses the copy.
"""

import datetime as dt
import html
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from maninso import ManinsoError, UsageError, __version__
from maninso.ledger.checkpoint import peek_checkpoint
from maninso.ledger.manifest import (
    KEY,
    MANIFEST,
    NOTE,
    FileLine,
    Manifest,
    export_name,
    is_export,
    list_files,
    sign_manifest,
)
from maninso.ledger.note import SignerKey
from maninso.ledger.tiles import TILE_WIDTH, tile_paths
from maninso.signing.log import LogFile

if TYPE_CHECKING:
    from maninso.petitions.opendata.published import Published

STATE = ".export-state.json"
LANGUAGES = ("", "/ko", "/en")
PAGES = (
    *("/", "/petitions", "/obligations", "/bills", "/about", "/log", "/moderation", "/pages"),
    *("/privacy", "/accessibility"),
)
FEEDS = ("petitions", "obligations", "bills", "updates")
DATA = (
    *("/petitions.json", "/petitions.csv", "/obligations.csv", "/topics.json", "/moderation.json", "/data.json"),
    *("/answers.csv", "/bills.csv", "/bills/stages.csv", "/bills/provisions.csv", "/bills/petitions.csv"),
    "/blue-house.jsonl",
    *(f"/feeds/{each}.{kind}" for each in FEEDS for kind in ("atom", "json")),
    *("/log/key", "/promise/key", f"/{KEY}", "/api/v1/openapi.json"),
    *("/sitemap.xml", "/sitemaps/pages.xml", "/sitemaps/bills.xml"),
)
OF_A_PETITION = (
    *("/petitions/{id}.json", "/petitions/{id}/count.json", "/feeds/petitions/{id}.atom", "/feeds/petitions/{id}.json"),
)
OF_A_LOG = (
    *("/petitions/{id}/voids.json", "/petitions/{id}/voids.csv", "/petitions/{id}/signatures.csv", "/p/{id}/log/key"),
)
ASSETS = ("/static/", "/documents/")
STATUSES = ("overdue", "owed", "kept", "declined", "lapsed")
_LINK = re.compile(r'\b(href|action|formaction|src)="(/(?!/)[^"]*)"')
_BODY = re.compile(r"<body[^>]*>")

Ask = Callable[[str, str], tuple[int, bytes]]
"""Asks the site for an address and a query string; answers status and body."""
Progress = Callable[[int, int], None]


@dataclass(kw_only=True)
class Exported:
    """What became of the files: `written` are new or changed, `kept` as they were, `removed` not there any more."""

    petitions: int = 0
    written: int = 0
    kept: int = 0
    removed: int = 0


@dataclass(kw_only=True)
class Source:
    """The site that is copied. `read_log` gives a log's file (0: the site's own); `say_copy` the note on its pages."""

    host: str
    origin: str  # https://HOST
    ask: Ask
    read_log: Callable[[int, str], LogFile | None]
    published: Callable[[], "Iterator[Published]"]
    bills: Callable[[], Iterator[tuple[int, str]]]  # number, and a digest of what its page says
    charters: Sequence[tuple[str, str]]  # id, and the beginning of a version's digest that links have
    slugs: Sequence[str]  # of the site's own pages
    list_pages: int  # of the list of petitions
    say_copy: Callable[[str], str]


@dataclass
class _Copy:
    """A copy that is being made. `variants` are pages with a query, by where the copy has them."""

    folder: Path
    source: Source
    pages: set[str] = field(default_factory=set)
    data: set[str] = field(default_factory=set)
    assets: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)  # of files that belong to the copy
    done: Exported = field(default_factory=Exported)


def export_site(
    folder: Path, source: Source, *, signer: SignerKey, now: dt.datetime, progress: Progress | None = None
) -> Exported:
    """Copy the site into a folder, or bring a copy there up to date.

    Raises UsageError for a folder that holds something else, ManinsoError where the site does not answer.
    """
    old = _read_old(folder)
    state: dict[str, str] = {}
    copy = _Copy(folder, source)
    petitions, bills = list(source.published()), list(source.bills())
    copy.done.petitions = len(petitions)
    copy.pages = {*_plan_pages(source), *(f"/bills/{bill_id}" for bill_id, _ in bills)}
    copy.pages |= {page for each in petitions for page in list_pages(each)}
    copy.data = {*DATA, *(place.format(id=each.petition_id) for each in petitions for place in OF_A_PETITION)}
    logs = [each.petition_id for each in petitions if each.has_log]
    copy.data |= {each.format(id=petition_id) for petition_id in logs for each in OF_A_LOG}
    copy.data |= {"/log/checkpoint", *(f"/p/{petition_id}/log/checkpoint" for petition_id in logs)}
    version = sha256(repr((__version__, source.host, source.charters)).encode()).hexdigest()[:16]
    _copy_log(copy, 0)
    for number, each in enumerate(petitions):
        name = str(each.petition_id)
        state[name] = f"{version}-{each.digest}"
        _copy_petition(copy, each, is_same=old.get(name) == state[name])
        if progress:
            progress(number + 1, len(petitions))
    for bill_id, digest in bills:
        name = f"bill-{bill_id}"
        state[name] = f"{version}-{digest}"
        _copy_pages(copy, [f"/bills/{bill_id}"], is_same=old.get(name) == state[name])
    for path in DATA:
        if path != "/log/key" or "log/checkpoint" in copy.names:  # before its first entry the site's log has neither
            _copy_data(copy, path)
    for page in sorted(_plan_pages(source)):
        _copy_page(copy, page)
    for asset in sorted(copy.assets):
        _copy_data(copy, asset)
    _write(copy, "robots.txt", b"User-agent: *\nDisallow: /\n")  # the site is to be found, not its copies
    _remove_rest(copy)
    _sign(copy, signer, now=now)
    (folder / STATE).write_text(json.dumps(state))
    return copy.done


def _read_old(folder: Path) -> dict[str, str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not is_export(folder) and not (folder / STATE).exists():
            raise UsageError(f"{folder} holds something that is no copy of a site", cure="name an empty folder")
        if not (folder / STATE).exists():
            (folder / STATE).write_text("{}")  # so that a run that is interrupted can be taken up
        known = json.loads((folder / STATE).read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} cannot be used: {error}", cure="name a folder that can be written to") from error
    return known if isinstance(known, dict) else {}


def _plan_pages(source: Source) -> Iterator[str]:
    """Yield the address of each page that is of the whole site, without language."""
    yield from PAGES
    yield from (f"/petitions/pages/{number}" for number in range(2, source.list_pages + 1))
    yield from (f"/obligations/{status}" for status in STATUSES)
    yield from (f"/pages/{slug}" for slug in source.slugs)
    for charter, version in source.charters:
        yield f"/charter/{charter}"
        yield f"/charter/{charter}/{version}"


def list_pages(each: "Published") -> list[str]:
    """Return the address of each page of a petition, without language."""
    own = f"/petitions/{each.petition_id}"
    return [own, *([f"{own}/voids"] if each.has_log else []), *([f"{own}/answers"] if each.has_answers else [])]


def find_variant(path: str, query: str) -> str:
    """Return where a copy has a page that the site has at an address with a query; "" where it has none such."""
    asked = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
    match path.split("/")[1:]:
        case ["petitions"] if asked.keys() <= {"page", "after"} and asked.get("page", "1").isdigit():
            number = asked.get("page", "1")
            return "/petitions" if number == "1" else f"/petitions/pages/{number}"
        case ["obligations"] if asked.keys() == {"status"}:
            return f"/obligations/{asked['status']}"
        case ["charter", charter] if asked.keys() == {"version"}:
            return f"/charter/{charter}/{asked['version']}"
        case ["feeds", *_] if asked.keys() == {"lang"}:
            return path
    return "" if query else path


def find_address(page: str) -> tuple[str, str]:
    """Return the site's address and query of a page of a copy: what `find_variant` turns around."""
    match page.split("/")[1:]:
        case ["petitions", "pages", number]:
            return "/petitions", f"page={number}"
        case ["obligations", status]:
            return "/obligations", f"status={status}"
        case ["charter", charter, version]:
            return f"/charter/{charter}", f"version={version}"
    return page, ""


def _copy_petition(copy: _Copy, each: "Published", *, is_same: bool) -> None:
    if each.has_log:
        _copy_log(copy, each.petition_id)
    is_same = _copy_pages(copy, list_pages(each), is_same=is_same)
    for place in (*OF_A_PETITION, *(OF_A_LOG if each.has_log else ())):
        path = place.format(id=each.petition_id)
        if not is_same:
            _copy_data(copy, path)
        elif (copy.folder / name_data(path)).exists():
            _keep(copy, name_data(path))


def _copy_pages(copy: _Copy, pages: Sequence[str], *, is_same: bool) -> bool:
    """Copy pages, or keep those that are there where they say the same; return whether they were kept."""
    names = [name_page(language, page) for page in pages for language in LANGUAGES]
    if is_same and all((copy.folder / name).exists() for name in names):
        for name in names:
            _keep(copy, name)
            _note_assets(copy, (copy.folder / name).read_text())
        return True
    for page in pages:
        _copy_page(copy, page)
    return False


def _copy_log(copy: _Copy, petition_id: int) -> None:
    """Copy a log up to its checkpoint, which is written last; what has its full width never changes."""
    place = f"p/{petition_id}/log" if petition_id else "log"
    found = copy.source.read_log(petition_id, "checkpoint")
    if found is None:
        return
    for path in tile_paths(peek_checkpoint(found.body).size):
        name = f"{place}/{path.render()}"
        if path.width == TILE_WIDTH and (copy.folder / name).exists():
            _keep(copy, name)
            continue
        tile = copy.source.read_log(petition_id, path.render())
        if tile is None:
            raise ManinsoError(f"the log {place} has no {path.render()}", cure="run `maninso doctor`")
        _write(copy, name, tile.body)
    _write(copy, f"{place}/checkpoint", found.body)


def _copy_data(copy: _Copy, path: str) -> None:
    status, body = copy.source.ask(path, "")
    if status == 200:
        _write(copy, name_data(path), body)
    elif status >= 500:
        raise ManinsoError(f"the site answered {status} to {path}", cure="run `maninso doctor`, then export again")


def _copy_page(copy: _Copy, page: str) -> None:
    path, query = find_address(page)
    for language in LANGUAGES:
        status, body = copy.source.ask(f"{language}{path}" or "/", query)
        if status >= 500:
            raise ManinsoError(f"the site answered {status} to {path}", cure="run `maninso doctor`, then export again")
        if status in (200, 410):
            text = _rewrite(copy, body.decode(), language)
            _write(copy, name_page(language, page), text.encode())


def _rewrite(copy: _Copy, text: str, language: str) -> str:
    """Return a page whose links lead to the copy where it has what they name, and to the site where not."""

    def lead(match: re.Match[str]) -> str:
        parts = urlsplit(html.unescape(match[2]))
        spoken, bare = split_language(parts.path)
        place = find_variant(bare, parts.query)
        fragment = f"#{parts.fragment}" if parts.fragment else ""
        if match[1] in ("href", "src") and place.startswith(ASSETS):
            return match[0]
        if match[1] == "href" and place in copy.pages:
            return f'href="{html.escape(f"{spoken}{place}" if place != "/" else f"{spoken}/")}{fragment}"'
        if match[1] == "href" and place in copy.data:
            return f'href="{html.escape(place)}{fragment}"'
        return f'{match[1]}="{copy.source.origin}{match[2]}"'

    _note_assets(copy, text)
    told = copy.source.say_copy(language.lstrip("/") or "ko")
    return _BODY.sub(lambda match: match[0] + told, _LINK.sub(lead, text), count=1)


def split_language(path: str) -> tuple[str, str]:
    """Return an address's language ("", "/ko" or "/en") and the rest."""
    for language in LANGUAGES[1:]:
        if path == language or path.startswith(f"{language}/"):
            return language, path[len(language) :] or "/"
    return "", path


def _note_assets(copy: _Copy, text: str) -> None:
    copy.assets |= {match[2] for match in _LINK.finditer(text) if match[2].startswith(ASSETS)}


def name_page(language: str, page: str) -> str:
    """Return the file of a page: an index, so that any web server answers its address with it."""
    return f"{language}{page if page != '/' else ''}/index.html".lstrip("/")


def name_data(path: str) -> str:
    """Return the file of an address that ends in a name."""
    return path.lstrip("/")


def _write(copy: _Copy, name: str, data: bytes) -> None:
    """Put a file there, whole or not at all; one that is the same already is left alone."""
    path = copy.folder / name
    copy.names.add(name)
    try:
        if path.exists() and path.stat().st_size == len(data) and path.read_bytes() == data:
            copy.done.kept += 1
            return
    except OSError as error:
        raise UsageError(f"{path} could not be read: {error.strerror}", cure="let this account own the copy") from error
    _put(path, data)
    copy.done.written += 1


def _put(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
        os.replace(draft, path)
    except OSError as error:
        raise UsageError(
            f"{path} could not be written: {error.strerror}", cure="make room, and export again"
        ) from error


def _keep(copy: _Copy, name: str) -> None:
    copy.names.add(name)
    copy.done.kept += 1


def _remove_rest(copy: _Copy) -> None:
    """Take away what the site does not have any more, such as partial tiles that have grown.

    The copy's own folders are emptied of all else. Files beside them, and other folders, belong to whoever serves it.
    """
    folders = {name.partition("/")[0] for name in copy.names if "/" in name}
    folders |= {place.strip("/") for place in ASSETS}  # also when the last document is gone
    for name in list(list_files(copy.folder)):
        top, slash, _ = name.partition("/")
        if slash and top in folders and name not in copy.names and name not in (MANIFEST, NOTE):
            (copy.folder / name).unlink()
            copy.done.removed += 1


def _sign(copy: _Copy, signer: SignerKey, *, now: dt.datetime) -> None:
    files = []
    for name in sorted(copy.names):
        data = (copy.folder / name).read_bytes()
        files.append(FileLine(sha256(data).hexdigest(), len(data), name))
    at = now.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    manifest = Manifest(copy.source.host, at, tuple(files)).render()
    if signer.name != export_name(copy.source.host):
        raise AssertionError("the key is another site's")
    (copy.folder / MANIFEST).parent.mkdir(exist_ok=True)
    _put(copy.folder / MANIFEST, manifest)
    _put(copy.folder / NOTE, sign_manifest(manifest, signer))
