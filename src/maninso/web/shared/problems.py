"""Every way in which a page or the API refuses a request: one table for both.

JSON answers follow RFC 9457 (problem details); `type` is stable and relative to the site: `/problems/<slug>`. The
signing path's own refusals are in `maninso.signing.problems`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import JsonResponse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

JSON_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Problem:
    """One kind of refusal. `title` says what is wrong, `cure` what to do next; both in the reader's language."""

    status: int
    slug: str
    title: Promise
    cure: Promise
    retry_after: int = 0  # seconds


class Refused(Exception):
    """The request is refused; carries which way, and the parameters that are wrong, each with what is."""

    def __init__(self, problem: Problem, *, errors: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(problem.slug)
        self.problem = problem
        self.errors = errors


BAD_REQUEST = Problem(
    400,
    "bad-request",
    _("This request cannot be read."),
    _("Check the address, or start again from the list of petitions."),
)
BAD_NUMBER = Problem(
    400,
    "bad-number",
    _("This is not a petition’s number."),
    _("A petition’s number is made of digits only. Look for the petition by its words instead."),
)
BAD_RECEIPT = Problem(
    400,
    "bad-receipt",
    _("This is not a receipt’s address."),
    _("A receipt’s address ends in 64 digits and letters from a to f. Check that you copied all of it."),
)
BAD_PARAMETER = Problem(
    400,
    "bad-parameter",
    _("A parameter has a value that it cannot have."),
    _("Correct the parameters that are named; the reference says which values they take."),
)
NOT_SHOWN = Problem(
    400,
    "not-shown",
    _("This form names a petition that its page did not show."),
    _("Open the page again, and choose there. Nothing was changed."),
)
FORBIDDEN = Problem(
    403,
    "forbidden",
    _("This form came from elsewhere, or lay open too long."),
    _("Open the page again and send the form from there. Cookies must be allowed for this step."),
)
WRONG_SECRET = Problem(
    403,
    "wrong-secret",
    _("This is not the code of this receipt."),
    _("Open this page in the browser that signed, or copy the code again. Nothing was changed."),
)
NOT_OFFICE = Problem(
    403,
    "not-of-the-office",
    _("This account does not belong to the office."),
    _("Ask an operator of the site to add you, or log out and use another account."),
)
WRONG_ROLE = Problem(
    403,
    "wrong-role",
    _("Your role does not include this."),
    _("Ask a colleague whose role does, or an operator to change yours."),
)
NO_PAGE = Problem(
    404,
    "no-such-page",
    _("There is no page at this address."),
    _("The address may be mistyped or old. Search the petitions, or go to the front page."),
)
NO_PETITION = Problem(
    404,
    "no-such-petition",
    _("There is no petition with this number."),
    _("Check the number, or look for the petition by its words."),
)
NO_BILL = Problem(
    404,
    "no-such-bill",
    _("There is no bill, ruling or refusal with this number."),
    _("Look for it in the list of what came of petitions."),
)
NO_RECEIPT = Problem(
    404,
    "no-such-receipt",
    _("This petition’s ledger has no such signature."),
    _("Check that you copied the whole address. If you signed just now, reload in a few seconds."),
)
NOT_SEALED = Problem(
    404,
    "not-sealed-yet",
    _("This signature is stored, but not sealed yet."),
    _("A new seal comes within seconds: ask again shortly."),
    retry_after=1,
)
NO_VOIDS = Problem(
    404,
    "no-ledger",
    _("This petition has no ledger here."),
    _("It has not opened yet, or another site counted it. Its page says which."),
)
NO_LOG_FILE = Problem(
    404,
    "no-such-log-file",
    _("The log has no such file."),
    _("Read the checkpoint for the log’s size; tiles follow from it (C2SP tlog-tiles)."),
)
NO_CHARTER = Problem(
    404,
    "no-such-charter",
    _("This site has no charter of that name."),
    _("Follow the link on a petition’s page to the rules that hold for it."),
)
METHOD = Problem(
    405,
    "read-only",
    _("This address does not take that kind of request."),
    _("Read pages with GET; sign with the button on a petition’s page."),
)
NO_FORMAT = Problem(
    406,
    "no-such-format",
    _("This is not offered in that format."),
    _("Ask for .json, for .csv (lists), or for the page without an ending."),
)
NO_PARQUET = Problem(
    406,
    "no-parquet",
    _("This site gives no Parquet files."),
    _("Ask for .csv: it has the same columns and rows."),
)
NOT_WITHDRAWABLE = Problem(
    409,
    "not-withdrawable",
    _("This petition takes no signatures at the moment, so none can be taken back."),
    _("Its page says why. Nothing was changed."),
)
REMOVED = Problem(
    410,
    "petition-removed",
    _("This petition was removed."),
    _("Its page says when and why."),
)
TOO_MANY_ASKED = Problem(
    429,
    "too-many-messages",
    _("Too many messages were asked for from your network in this minute. None was sent."),
    _("Wait a minute, then ask again. If many people share your network, another one may do."),
    retry_after=60,
)
NO_WORK = Problem(
    429,
    "work-missing",
    _("Too many people on your network have asked without their browser’s work in this minute. Nothing was sent."),
    _("Allow scripts for this site and ask again, or wait a minute. There are no puzzles: the browser computes alone."),
    retry_after=60,
)
WRONG_LINK = Problem(
    410,
    "wrong-link",
    _("This link is not whole, or it has expired. Nothing was changed."),
    _("Open it again from the message, or ask for a new one on the petition’s page."),
)
TOO_MANY = Problem(
    429,
    "too-many",
    _("That was tried too often."),
    _("Wait ten minutes, then try again. Nothing was changed."),
    retry_after=600,
)
RATE = Problem(
    429,
    "too-many-requests",
    _("Your network has asked the API too often in this minute."),
    _("Wait as long as Retry-After says. RateLimit in every answer says how many requests are left."),
    retry_after=60,
)
FAILED = Problem(
    500,
    "failed",
    _("Something went wrong on our side."),
    _("Nothing you sent was lost that we had confirmed. Try again in a minute."),
)
NO_OEMBED_FORMAT = Problem(
    501,
    "no-oembed-format",
    _("oEmbed is not offered in that format."),
    _("Ask for format=json, or leave it out."),
)
SEARCH_TOO_SLOW = Problem(
    503,
    "search-too-slow",
    _("This search takes too long at the moment."),
    _("Search for fewer or rarer words or with fewer filters, or try again shortly."),
    retry_after=5,
)
NO_DATABASE = Problem(
    503,
    "no-database",
    _("The site cannot read its records at the moment."),
    _("Try again shortly. Signatures that were confirmed are safe."),
    retry_after=5,
)

PROBLEMS = {
    problem.slug: problem
    for problem in (
        BAD_REQUEST,
        BAD_NUMBER,
        BAD_RECEIPT,
        BAD_PARAMETER,
        NOT_SHOWN,
        FORBIDDEN,
        WRONG_SECRET,
        NOT_OFFICE,
        WRONG_ROLE,
        NO_PAGE,
        NO_PETITION,
        NO_BILL,
        NO_RECEIPT,
        NOT_SEALED,
        NO_VOIDS,
        NO_LOG_FILE,
        NO_CHARTER,
        METHOD,
        NO_FORMAT,
        NO_PARQUET,
        NOT_WITHDRAWABLE,
        REMOVED,
        WRONG_LINK,
        TOO_MANY_ASKED,
        NO_WORK,
        TOO_MANY,
        RATE,
        FAILED,
        NO_OEMBED_FORMAT,
        SEARCH_TOO_SLOW,
        NO_DATABASE,
    )
}


def answer_problem(problem: Problem, *, errors: Sequence[tuple[str, str]] = ()) -> JsonResponse:
    """Return the problem as `application/problem+json`, in English, as programs read it."""
    named = [{"parameter": name, "detail": detail} for name, detail in errors]
    with translation.override("en"):
        response = JsonResponse(
            {
                "type": f"/problems/{problem.slug}",
                "title": str(problem.title),
                "status": problem.status,
                "detail": str(problem.cure),
                **({"errors": named} if named else {}),
            },
            status=problem.status,
            content_type=JSON_TYPE,
        )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Content-Language"] = "en"
    if problem.retry_after:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response
