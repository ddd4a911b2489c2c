"""Who somebody is, on the few pages that ask: a rehearsal's made-up person."""

import datetime as dt
import secrets

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from maninso.identity.rehearsal import make_rehearsal_ticket
from maninso.identity.ticket import Ticket

LONGEST_NAME = 60  # characters
MADE_UP_AGE = 40  # old enough for every charter
MADE_UP_ASSURANCE = 1


def read_made_up_person(
    request: HttpRequest, *, regions: tuple[str, ...], assurance: int, now: dt.datetime
) -> tuple[Ticket | None, str]:
    """Return the ticket of the made-up person whom a rehearsal's form names, or what is wrong with the name.

    None without an error where this is no rehearsal.
    """
    if not settings.MANINSO.rehearsal:
        return None, ""
    name = request.POST.get("person", "").strip()
    if len(name) > LONGEST_NAME:
        return None, _("This name is too long: use at most %(most)s characters.") % {"most": LONGEST_NAME}
    if "\0" in name:
        return None, _("This name cannot be read: write it again.")
    region = request.POST.get("region", "")
    ticket = make_rehearsal_ticket(
        settings.MANINSO.secret_key,
        person=name or f"made-up {secrets.token_hex(8)}",
        region=region if region in regions else "",
        now=now.timestamp(),
        assurance=max(MADE_UP_ASSURANCE, assurance),
        age=MADE_UP_AGE,
    )
    return ticket, ""
