"""The charters that pages speak of: the site's own, a petition's, and what they promise."""

from django.conf import settings
from django.utils import translation

from maninso import charter as rules
from maninso.petitions import access
from maninso.petitions.access import PetitionView


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


def name_institution(charter_id: str) -> str:
    """Return whose charter this is and what it is called, in the page's language; its name where it is not known."""
    charter = find_charter(charter_id)
    if charter is None:
        return charter_id
    language = translation.get_language() or "ko"
    return f"{charter.institution.in_language(language)} · {charter.title.in_language(language)}"


def pinned_charter(view: PetitionView) -> rules.Charter:
    """Return the very version of a charter that a petition follows, whatever the site's own says by now."""
    charter = find_charter(view.charter_id, version=view.charter_digest.hex())
    if charter is None:
        raise AssertionError(f"petition {view.petition_id} follows a charter that was never kept")
    return charter


def name_reason(code: str) -> dict[str, str]:
    """Return what a reason's code means in the site's own charter, by language; the code itself where it has none."""
    label = {reason.code: reason.label for reason in site_charter().rejection_reasons}.get(code)
    return {"ko": label.ko, "en": label.en} if label else {"ko": code, "en": code}


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
