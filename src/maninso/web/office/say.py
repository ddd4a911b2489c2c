"""What went wrong, in the words of the reader's language: the domain's errors say it in English alone."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from maninso import ManinsoError
from maninso.charter import CharterError
from maninso.petitions import discovery, lifecycle, moderation, obligations

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
    obligations.ObligationError: _("Nothing is owed here any more. Look at it again."),
    obligations.GroundError: _("Give a ground that the petition’s rules have."),
    obligations.InstitutionError: _("You answer for another institution."),
    obligations.StaleReplyError: _(
        "Somebody changed this answer meanwhile. What you wrote is below; compare it and save it again."
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
