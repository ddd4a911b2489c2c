"""The rules that pages show: those of this site, and those that come with the program."""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from maninso import charter as rules
from maninso.web.shared.answers import page, render_page
from maninso.web.shared.problems import NO_CHARTER, Refused


@page
def show_charter(request: HttpRequest, charter_id: str) -> HttpResponseBase:
    """GET /charter/{id}: the rules in words, each with how sure it is and its source."""
    charter = find_charter(charter_id)
    if charter is None:
        raise Refused(NO_CHARTER)
    language = translation.get_language() or "ko"
    context = {
        "charter": charter,
        "title": charter.title.in_language(language),
        "institution": charter.institution.in_language(language),
        "parts": rules.describe(charter, language),
    }
    return render_page(request, "charter.html", context)


def site_charter() -> rules.Charter:
    """Return the charter that holds for petitions raised on this site (MANINSO_CHARTER)."""
    return rules.read_charter(settings.MANINSO.charter)


def find_charter(charter_id: str) -> rules.Charter | None:
    """Return the charter of that name, if it is the site's own or comes with the program."""
    own = site_charter()
    if own.id == charter_id:
        return own
    return rules.load_preset(charter_id) if charter_id in rules.preset_ids() else None


def say_promise(charter_id: str, threshold_id: str) -> dict[str, str] | None:
    """Return who owes what by when once a threshold is met, in the page's language; None where nothing is known."""
    charter = find_charter(charter_id)
    thresholds = charter.thresholds if charter else ()
    owed = next((rule.obligation for rule in thresholds if rule.id == threshold_id), None)
    if owed is None:
        return None
    language = translation.get_language() or "ko"
    return {
        "who": owed.who.in_language(language),
        "what": owed.what.in_language(language),
        "deadline": rules.say_deadline(owed.deadline, language) if owed.deadline else "",
    }
