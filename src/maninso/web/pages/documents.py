"""The documents of answers."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from maninso.petitions import access
from maninso.web.shared.answers import page
from maninso.web.shared.files import read_file_name, send_document
from maninso.web.shared.problems import NO_PAGE, Refused


@page
def send_public_document(request: HttpRequest, name: str) -> HttpResponseBase:
    """GET /documents/{sha256}.{ending}: a document of an answer to a petition whose text is public."""
    named = read_file_name(name)
    found = access.find_document(named[0]) if named else None
    if named is None or found is None or found[0].ending != named[1]:
        raise Refused(NO_PAGE)
    return send_document(*found)
