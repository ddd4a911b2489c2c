"""The rules that pages show: those of this site, and those that come with the program."""

import re

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from maninso import charter as rules
from maninso.petitions import access
from maninso.petitions.access import PetitionView
from maninso.web.shared.answers import page, render_page
from maninso.web.shared.problems import NO_CHARTER, Refused

_NAME = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_VERSION = re.compile(r"[0-9a-f]{8,64}", re.ASCII)


@page
def show_charter(request: HttpRequest, charter_id: str) -> HttpResponseBase:
    """GET /charter/{id}?version=: the rules in words, each with how sure it is and its source.

    The newest version, or the one whose SHA-256 begins with `version` (8 to 64 lower-case hexadecimal digits).
    """
    version = request.GET.get("version", "")
    if not _NAME.fullmatch(charter_id) or (version and not _VERSION.fullmatch(version)):
        raise Refused(NO_CHARTER)
    newest = find_charter(charter_id)
    charter = find_charter(charter_id, version=version) if version else newest
    if newest is None or charter is None:
        raise Refused(NO_CHARTER)
    language = translation.get_language() or "ko"
    context = {
        "charter": charter,
        "digest": charter.digest.hex(),
        "is_newest": charter.digest == newest.digest,
        "title": charter.title.in_language(language),
        "institution": charter.institution.in_language(language),
        "parts": rules.describe(charter, language),
    }
    return render_page(request, "charter.html", context)


def site_charter() -> rules.Charter:
    """Return the charter that holds for petitions raised on this site (MANINSO_CHARTER)."""
    return rules.read_charter(settings.MANINSO.charter)


def find_charter(charter_id: str, *, version: str = "") -> rules.Charter | None:
    """Return the charter of that name: the site's own, else the newest that a petition follows, else the program's.

    `version` is the beginning of its SHA-256 in hex, where it is not to be the newest.
    """
    own = site_charter()
    if own.id == charter_id and own.digest.hex().startswith(version):
        return own
    shipped = rules.load_preset(charter_id) if charter_id in rules.preset_ids() else None
    if shipped is not None and version and shipped.digest.hex().startswith(version):
        return shipped
    return access.find_charter(charter_id, version=version) or (None if version else shipped)


def pinned_charter(view: PetitionView) -> rules.Charter:
    """Return the very version of a charter that a petition follows, whatever the site's own says by now."""
    charter = find_charter(view.charter_id, version=view.charter_digest.hex())
    if charter is None:
        raise AssertionError(f"petition {view.petition_id} follows a charter that was never kept")
    return charter


def say_promise(charter: rules.Charter, threshold_id: str) -> dict[str, str] | None:
    """Return who owes what by when once a threshold is met, in the page's language; None where nothing is owed."""
    owed = next((rule.obligation for rule in charter.thresholds if rule.id == threshold_id), None)
    if owed is None:
        return None
    language = translation.get_language() or "ko"
    return {
        "who": owed.who.in_language(language),
        "what": owed.what.in_language(language),
        "deadline": rules.say_deadline(owed.deadline, language) if owed.deadline else "",
    }
