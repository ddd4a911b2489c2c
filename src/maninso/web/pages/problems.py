"""What the `type` of a problem means, and the pages that the signing app answers a browser's form with."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from maninso.signing.problems import Problem as SigningProblem
from maninso.signing.problems import Refusal
from maninso.web.shared.answers import page, render_page
from maninso.web.shared.context import describe_site
from maninso.web.shared.formats import settle_particles
from maninso.web.shared.problems import NO_PAGE, PROBLEMS, Refused

REFUSALS = {refusal.value.slug: refusal.value for refusal in Refusal}

# The words of maninso.signing.problems, which knows nothing of Django; a test keeps the two alike.
SIGNING_WORDS = (
    gettext_noop("You have not proved who you are."),
    gettext_noop("Prove who you are, then sign."),
    gettext_noop("This proof of who you are is not valid."),
    gettext_noop("Prove who you are again, then sign."),
    gettext_noop("This proof of who you are has expired."),
    gettext_noop("This proof of who you are is for another petition."),
    gettext_noop("Prove who you are for this petition, then sign."),
    gettext_noop("The request came from another site."),
    gettext_noop("Sign on the petition's own page."),
    gettext_noop("This petition asks for a stronger proof of who you are."),
    gettext_noop("Prove who you are in one of the ways that the petition's page offers."),
    gettext_noop("This petition is for residents of certain regions, and yours is not known."),
    gettext_noop("Prove who you are in a way that also says where you live."),
    gettext_noop("This petition is for people of a certain age, and yours is below it or not known."),
    gettext_noop("Prove who you are in a way that also says how old you are."),
    gettext_noop("There is no such petition."),
    gettext_noop("Look for it in the list."),
    gettext_noop("Signing is a POST."),
    gettext_noop("Send POST to this address."),
    gettext_noop("This petition does not take signatures yet."),
    gettext_noop("Its page says when it will."),
    gettext_noop("Signing is paused."),
    gettext_noop("Try again later: the petition's page says why."),
    gettext_noop("This petition takes no more signatures."),
    gettext_noop("Its page says what came of it."),
    gettext_noop("The request is too large."),
    gettext_noop("Send at most 4,096 bytes."),
    gettext_noop("The request's type is not known."),
    gettext_noop("Send application/json or a form, in UTF-8."),
    gettext_noop("The request cannot be read."),
    gettext_noop("Send a JSON object or a form, in UTF-8."),
    gettext_noop("Too many requests came from your network in this minute. Nothing was stored."),
    gettext_noop("Wait a minute, then sign. If many people share your network, another one may do."),
    gettext_noop("You have sent too many requests in this minute. Nothing was stored."),
    gettext_noop("Wait a minute, then sign."),
    gettext_noop("Very many people are signing just now. Nothing was stored."),
    gettext_noop("Try again shortly."),
    gettext_noop("The database does not answer. It is not known whether the signature was stored."),
    gettext_noop("Try again shortly: nobody is counted twice."),
)


@page
def show_problem(request: HttpRequest, slug: str) -> HttpResponseBase:
    """GET /problems/{slug}: what the `type` of a problem means."""
    if slug in REFUSALS:
        refusal = REFUSALS[slug]
        context = {"status": refusal.status, "title": gettext(refusal.title), "cure": gettext(refusal.cure)}
    elif slug in PROBLEMS:
        problem = PROBLEMS[slug]
        context = {"status": problem.status, "title": problem.title, "cure": problem.cure}
    else:
        raise Refused(NO_PAGE)
    return render_page(request, "problem.html", {**context, "slug": slug})


def render_problem_page(slug: str, *, language: str) -> bytes:
    """Return the signing app's page for one of its refusals. Made once, at start, so it holds nothing of a request.

    Its links hold `/petitions/0`, which the signing app replaces by the petition's own number.
    """
    refusal = REFUSALS[slug]
    outer = get_script_prefix()
    set_script_prefix(f"/{language}/")
    try:
        return _render(refusal, language)
    finally:
        set_script_prefix(outer)


def _render(refusal: SigningProblem, language: str) -> bytes:
    with translation.override(language):
        context = {
            **describe_site(bare_path="/petitions/0", query=""),
            "petition": f"/{language}/petitions/0",
            "status": refusal.status,
            "title": gettext(refusal.title),
            "cure": gettext(refusal.cure),
            "may_prove": refusal.status in (401, 403),
            "may_retry": bool(refusal.retry_after) or refusal.status == 429,
        }
        return settle_particles(render_to_string("maninso/refusal.html", context)).encode()
