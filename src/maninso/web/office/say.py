"""What went wrong, in the words of the reader's language: the domain's errors say it in English alone. And days."""

import datetime as dt
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from maninso import ManinsoError
from maninso.charter import CharterError
from maninso.petitions import discovery, lifecycle, moderation, obligations


class DayError(ManinsoError):
    """What was sent is no day."""


SAID: Mapping[type[ManinsoError], Promise] = {
    lifecycle.TransitionError: _("Somebody decided on this petition meanwhile. Look at it again."),
    lifecycle.RoleError: _("Your role does not include this."),
    lifecycle.ReasonError: _("Give a reason that the petition’s rules have."),
    lifecycle.BlackoutError: _("The rules open no petition on this day."),
    lifecycle.TextError: _("The text holds something that the rules or this site do not allow."),
    moderation.NotWaitingError: _("This petition does not wait for a decision any more, and its text is frozen."),
    moderation.UnconfirmedError: _("The creator has not used their own link yet, so nobody answers for the petition."),
    moderation.StaleTextError: _("The text changed meanwhile. Look at it again."),
    moderation.TooLateError: _("The letter is sent, so the decision stands. An operator can restore the petition."),
    moderation.TakedownError: _("This proposal is your own, or it was decided already."),
    discovery.FamilyError: _("There is no such petition on the public lists. Name one that asks for the same."),
    CharterError: _("The rules allow no such extension. Nothing was changed."),
    DayError: _("A day is written as 2026-03-02. Nothing was changed."),
    obligations.ObligationError: _("Nothing is owed here any more. Look at it again."),
    obligations.GroundError: _("Give a ground that the petition’s rules have."),
    obligations.InstitutionError: _("You answer for another institution."),
    obligations.StaleReplyError: _(
        "Somebody changed this answer meanwhile. What you wrote is below; compare it and save it again."
    ),
    obligations.StaleBillError: _(
        "This bill was changed meanwhile, or its number is known already. What you wrote is below; look at it again."
    ),
    obligations.TargetError: _(
        "Choose what it answers: debts, or petitions by number that are open or closed here, all of one institution."
    ),
    obligations.DocumentError: _(
        "This document was not taken: give it a name, at most 10 MB, as PDF, HWP, HWPX, ODF, DOCX, XLSX, PPTX, PNG or "
        "JPEG, without macros, and at most ten an answer."
    ),
    obligations.ReplyError: _("This answer is not where it was. Look at it again."),
    obligations.OwnReplyError: _("This answer is your own: let somebody else read and approve it."),
    moderation.NewsItemError: _("There is no such news, or somebody hid it or brought it back meanwhile."),
    moderation.AppealError: _("You refused this petition yourself, or the appeal was decided already."),
}


def say_error(error: ManinsoError) -> str:
    """Return what is wrong and what to do about it."""
    if isinstance(error, moderation.HeldError):
        return gettext("%(holder)s works on this petition. Talk to them, or take it over.") % {"holder": error.holder}
    return str(SAID.get(type(error)) or _("This cannot be done as it was sent. Look at the page again."))


def read_day(text: str) -> dt.date:
    """Return a day as browsers send it, and as people write it in a list. Raises DayError."""
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise DayError(f"{text!r} is no day", cure="write it as 2026-03-02") from error


def read_petitions(text: str) -> list[int]:
    """Return the petitions whose numbers a clerk wrote, between spaces or commas. Raises TargetError."""
    numbers = text.replace(",", " ").split()
    if not all(each.isascii() and each.isdigit() and len(each) < 19 for each in numbers):
        raise obligations.TargetError("petitions: not numbers", cure="give the numbers of petitions")
    return [int(each) for each in numbers]
