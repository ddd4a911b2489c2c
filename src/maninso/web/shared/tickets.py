"""The ticket's way between pages: out of a link or a provider's answer, into the cookie that the signing path reads."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from maninso.identity.ticket import ANY_PETITION, COOKIE, Ticket, TicketError, derive_key, verify_any_ticket
from maninso.signing.limits import Limiter
from maninso.signing.problems import Refused as SigningRefused
from maninso.signing.reading import check_origin
from maninso.web.shared.addresses import site_origin
from maninso.web.shared.problems import FORBIDDEN, Refused


def see_other(address: str) -> HttpResponseRedirect:
    """Return 303: what was posted is done, go and read there."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def require_own_page(request: HttpRequest) -> None:
    """Refuse what another site's page sends, as the signing path does: no cookie is needed for that."""
    try:
        check_origin(request.headers, host=settings.MANINSO.host)
    except SigningRefused as error:
        raise Refused(FORBIDDEN) from error


def name_network(request: HttpRequest) -> str:
    """Return the network that a request came from, as rate limits count it; "" for one that is exempt."""
    limiter = Limiter(settings.MANINSO.limits, key=b"")
    return limiter.name_network(request.META["REMOTE_ADDR"], request.headers.get("X-Forwarded-For"))


def read_ticket(token: str, *, petition_id: int, now: float) -> Ticket:
    """Return a ticket that signs this petition now. Raises TicketError, with the reason `elsewhere` for another's."""
    keys = [derive_key(secret, purpose="ticket") for secret in settings.MANINSO.secrets]
    ticket = verify_any_ticket(keys, token, now=now)
    if ticket.petition_id not in (ANY_PETITION, petition_id):
        raise TicketError("elsewhere", "the ticket is for another petition")
    return ticket


def keep_ticket(response: HttpResponseBase, token: str, *, max_age: int) -> None:
    """Put a ticket into the cookie that the signing path reads, for the seconds that it holds."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=max_age,
        httponly=True,
        samesite="Lax",
        secure=site_origin().startswith("https:"),
    )
