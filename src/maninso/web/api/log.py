"""The log's files as C2SP tlog-tiles names them, its key, and receipts as C2SP tlog-proof files.

Tiles never change, so caches may keep them. A checkpoint changes each second, and what does not exist now may come into
being: neither is cached. Everything may be read from any site, so that a browser elsewhere can recount.
"""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from maninso.petitions import access
from maninso.petitions.access import site
from maninso.signing.log import LogFile
from maninso.web.shared.answers import data
from maninso.web.shared.problems import NO_LOG_FILE, NO_RECEIPT, NOT_SEALED, Refused
from maninso.web.shared.requests import read_leaf_hash, read_number

IMMUTABLE = "public, max-age=604800, immutable"
LONGEST_NAME = 100  # characters; the deepest tile's name has fewer


@data
def send_log_file(request: HttpRequest, number: str, name: str) -> HttpResponseBase:
    """GET /p/{id}/log/checkpoint and /p/{id}/log/tile/...: a file of the petition's log."""
    petition_id = read_number(number)
    return _answer_file(access.read_log_file(petition_id, _checked(name)))


@data
def send_site_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """GET /log/checkpoint and /log/tile/...: a file of the site's own log."""
    return _answer_file(site.read_site_file(_checked(name)))


def _checked(name: str) -> str:
    if len(name) > LONGEST_NAME or not (name.isascii() and name.isprintable()):
        raise Refused(NO_LOG_FILE)
    return name


def _answer_file(file: LogFile | None) -> HttpResponse:
    if file is None:
        raise Refused(NO_LOG_FILE)
    response = HttpResponse(file.body, content_type=file.content_type)
    response.headers["Cache-Control"] = IMMUTABLE if file.immutable else "no-store"
    return response


@data
def send_key(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /p/{id}/log/key: the verifier key of the log's signatures (C2SP signed-note "vkey"), one line."""
    return _answer_key(access.log_key(read_number(number)))


@data
def send_site_key(request: HttpRequest) -> HttpResponseBase:
    """GET /log/key: the verifier key of the site's own log; by it, and a petition's number, every other is known."""
    return _answer_key(site.site_log_key())


def _answer_key(key: str | None) -> HttpResponse:
    if key is None:
        raise Refused(NO_LOG_FILE)
    response = HttpResponse(f"{key}\n", content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@data
def send_receipt(request: HttpRequest, number: str, leaf_hash: str) -> HttpResponseBase:
    """GET /petitions/{id}/receipts/{leaf_hash}.tlog-proof: the receipt as a file; 404 until a checkpoint covers it."""
    receipt = access.read_receipt(read_number(number), read_leaf_hash(leaf_hash))
    if receipt is None:
        raise Refused(NO_RECEIPT)
    if receipt.proof is None:
        raise Refused(NOT_SEALED)
    return _answer_proof(receipt.proof, f"petition-{receipt.petition_id}-leaf-{receipt.leaf_index}.tlog-proof")


@data
def send_site_proof(request: HttpRequest, number: str, leaf_hash: str) -> HttpResponseBase:
    """GET /petitions/{id}/receipts/{leaf_hash}.site.tlog-proof: the site's log names the receipt's checkpoint.

    404 until it does.
    """
    petition_id = read_number(number)
    receipt = access.read_receipt(petition_id, read_leaf_hash(leaf_hash))
    if receipt is None:
        raise Refused(NO_RECEIPT)
    proof = site.read_site_proof(petition_id, receipt.leaf_hash)
    if proof is None:
        raise Refused(NOT_SEALED)
    return _answer_proof(proof, f"petition-{petition_id}-leaf-{receipt.leaf_index}.site.tlog-proof")


def _answer_proof(proof: bytes, file_name: str) -> HttpResponse:
    response = HttpResponse(proof, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    response.headers["Cache-Control"] = "public, max-age=60"
    return response
