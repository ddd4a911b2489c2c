"""Style sheet, icon and scripts, served from memory under names that hold their digest, so that caches keep them.

They are few and small and come with the package: no collecting step, nothing to configure, nothing to forget.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_COMMENT = re.compile(rb"^[ ]*//.*\n", re.MULTILINE)
"""A line of a script for those who read the source: it is not sent."""
IMMUTABLE = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file as it is served; `name` holds its digest."""

    name: str
    body: bytes
    compressed: bytes
    content_type: str


def _read_assets() -> dict[str, Asset]:
    assets = {}
    for file in sorted(files("maninso.web").joinpath("static/maninso").iterdir(), key=lambda file: file.name):
        stem, dot, ending = file.name.rpartition(".")
        body = _COMMENT.sub(b"", file.read_bytes()) if ending == "js" else file.read_bytes()
        name = f"{stem}.{hashlib.sha256(body).hexdigest()[:12]}{dot}{ending}"
        assets[file.name] = Asset(name, body, gzip.compress(body, mtime=0), TYPES[dot + ending])
    return assets


_BY_FILE = _read_assets()
_BY_NAME = {asset.name: asset for asset in _BY_FILE.values()}


def asset_path(file: str) -> str:
    """Return the address of a file of `static/maninso/`."""
    return f"/static/{_BY_FILE[file].name}"


def read_asset(file: str) -> bytes:
    """Return a file of `static/maninso/` as it is sent."""
    return _BY_FILE[file].body


def send_asset(request: HttpRequest, name: str) -> HttpResponseBase:
    """GET /static/{name}: a file under the name that holds its digest, to keep for a year."""
    asset = _BY_NAME.get(name)
    if asset is None:
        raise Http404
    compressed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(asset.compressed if compressed else asset.body, content_type=asset.content_type)
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = IMMUTABLE
    return response
