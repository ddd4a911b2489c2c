"""What programs read of signatures: promises, the key that signs them, and a petition's voids as JSON."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from maninso.petitions import integrity
from maninso.web.shared.addresses import data_address
from maninso.web.shared.answers import PAGE_CACHING, data
from maninso.web.shared.formats import format_utc
from maninso.web.shared.problems import NO_RECEIPT, NO_VOIDS, Refused
from maninso.web.shared.requests import LAST_PAGE, read_count, read_leaf_hash, read_number

TEXT = "text/plain; charset=utf-8"
PER_PAGE = 500


@data
def send_promise(request: HttpRequest, number: str, leaf_hash: str) -> HttpResponseBase:
    """GET /petitions/{id}/receipts/{leaf_hash}.promise: a signed promise that this entry will be in the log."""
    petition_id = read_number(number)
    promise = integrity.make_promise(petition_id, read_leaf_hash(leaf_hash), now=timezone.now())
    if promise is None:
        raise Refused(NO_RECEIPT)
    response = HttpResponse(promise, content_type=TEXT)
    response.headers["Content-Disposition"] = f'attachment; filename="petition-{petition_id}-{leaf_hash[:8]}.promise"'
    return response


@data
def send_promise_key(request: HttpRequest) -> HttpResponseBase:
    """GET /promise/key: the verifier key of this site's promises, one line."""
    response = HttpResponse(f"{integrity.promise_key().render()}\n", content_type=TEXT)
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@data
def show_voids(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}/voids.json?page=: voids and reinstatements, the newest first, and every decision."""
    petition_id = read_number(number)
    asked = read_count(request, "page", most=LAST_PAGE, default=1)
    record = integrity.read_voids(petition_id, page=asked, per_page=PER_PAGE)
    if record is None:
        raise Refused(NO_VOIDS)

    def link(page: int) -> str:
        return data_address("voids_json", petition_id) + (f"?page={page}" if page > 1 else "")

    body = {
        "links": {
            "self": link(record.page),
            "first": link(1),
            "last": link(record.pages),
            "next": link(record.page + 1) if record.page < record.pages else None,
            "prev": link(record.page - 1) if record.page > 1 else None,
        },
        "data": [
            {
                "leaf": entry.leaf,
                "signature": entry.signature,
                "effect": entry.effect,
                "reason": entry.reason,
                "reason_words": dict(entry.reason_words),
                "batch": entry.batch_id,
                "at": format_utc(entry.at),
            }
            for entry in record.entries
        ],
        "decisions": [
            {
                "batch": decision.batch_id,
                "undoes": decision.undoes,
                "reason": decision.reason,
                "text": decision.text,
                "state": decision.state,
                "approved_at": format_utc(decision.approved_at),
                "approved_by": decision.approved_by,
                "leaves": decision.leaves,
                "done": decision.done,
                "document": decision.document.decode(),
            }
            for decision in record.decisions
        ],
        "meta": {
            "total": record.total,
            "signatures": record.signatures,
            "voids": record.voids,
            "reinstated": record.reinstated,
            "count": record.count,
        },
    }
    response = JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    response.headers["Cache-Control"] = PAGE_CACHING
    return response
