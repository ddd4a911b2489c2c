"""The rules that pages show: those of this site, and those that come with the program."""

import re

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from maninso import charter as rules
from maninso.web.shared.answers import page, render_page
from maninso.web.shared.charters import find_charter
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
