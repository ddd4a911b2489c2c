"""What the signing app answers when it does not sign (docs/reference/signing.md): one table, prepared bytes.

Problem details follow RFC 9457; `type` is stable and relative to the site.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

JSON_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of refusal: its HTTP status, stable slug, title and cure."""

    status: int
    slug: str
    title: str
    cure: str
    retry_after: int = 0  # seconds


class Refusal(Enum):
    """Every way in which a signing request is refused."""

    TICKET_MISSING = Problem(401, "ticket-missing", "You have not proved who you are.", "Prove who you are, then sign.")
    TICKET_INVALID = Problem(
        401, "ticket-invalid", "This proof of who you are is not valid.", "Prove who you are again, then sign."
    )
    TICKET_EXPIRED = Problem(
        401, "ticket-expired", "This proof of who you are has expired.", "Prove who you are again, then sign."
    )
    TICKET_ELSEWHERE = Problem(
        401,
        "ticket-of-another-petition",
        "This proof of who you are is for another petition.",
        "Prove who you are for this petition, then sign.",
    )
    FOREIGN_ORIGIN = Problem(
        403, "foreign-origin", "The request came from another site.", "Sign on the petition's own page."
    )
    ASSURANCE_TOO_LOW = Problem(
        403,
        "assurance-too-low",
        "This petition asks for a stronger proof of who you are.",
        "Prove who you are in one of the ways that the petition's page offers.",
    )
    REGION_NEEDED = Problem(
        403,
        "region-needed",
        "This petition is for residents of certain regions, and yours is not known.",
        "Prove who you are in a way that also says where you live.",
    )
    TOO_YOUNG = Problem(
        403,
        "age-not-shown",
        "This petition is for people of a certain age, and yours is below it or not known.",
        "Prove who you are in a way that also says how old you are.",
    )
    NO_PETITION = Problem(404, "no-such-petition", "There is no such petition.", "Look for it in the list.")
    METHOD = Problem(405, "method-not-allowed", "Signing is a POST.", "Send POST to this address.")
    NOT_OPEN = Problem(
        409, "not-open", "This petition does not take signatures yet.", "Its page says when it will.", retry_after=60
    )
    PAUSED = Problem(
        409, "paused", "Signing is paused.", "Try again later: the petition's page says why.", retry_after=60
    )
    CLOSED = Problem(410, "closed", "This petition takes no more signatures.", "Its page says what came of it.")
    TOO_LARGE = Problem(413, "too-large", "The request is too large.", "Send at most 4,096 bytes.")
    WRONG_TYPE = Problem(
        415, "wrong-type", "The request's type is not known.", "Send application/json or a form, in UTF-8."
    )
    MALFORMED = Problem(422, "malformed", "The request cannot be read.", "Send a JSON object or a form, in UTF-8.")
    TOO_MANY_THERE = Problem(
        429,
        "too-many-from-there",
        "Too many requests came from your network in this minute. Nothing was stored.",
        "Wait a minute, then sign. If many people share your network, another one may do.",
    )
    TOO_MANY_BY_YOU = Problem(
        429,
        "too-many-by-you",
        "You have sent too many requests in this minute. Nothing was stored.",
        "Wait a minute, then sign.",
    )
    BUSY = Problem(
        503, "busy", "Very many people are signing just now. Nothing was stored.", "Try again shortly.", retry_after=1
    )
    NO_ANSWER = Problem(
        503,
        "no-answer",
        "The database does not answer. It is not known whether the signature was stored.",
        "Try again shortly: nobody is counted twice.",
        retry_after=3,
    )


class Refused(Exception):
    """The request is refused; carries which way."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value.slug)
        self.refusal = refusal


PROBLEM_BODIES: Mapping[Refusal, bytes] = {
    refusal: json.dumps(
        {
            "type": f"/problems/{refusal.value.slug}",
            "title": refusal.value.title,
            "status": refusal.value.status,
            "detail": refusal.value.cure,
        }
    ).encode()
    for refusal in Refusal
}
