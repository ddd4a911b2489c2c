"""Lets a site start only if its database agrees with what its log key has signed (docs/howto/recover-a-log.md).

A site on a database that was restored, or that lags behind, would take signatures into a log that cannot be published
any more. That is better known before the first of them than after the last.
"""

from maninso import ManinsoError
from maninso.run.database import connect
from maninso.run.settings import Settings
from maninso.signing.signed import SignedFiles
from maninso.signing.tree import find_contradictions

MOST_NAMED = 10  # logs, one by one


class DisagreementError(ManinsoError):
    """The database and the last signed checkpoints disagree."""


def require_agreement(settings: Settings) -> None:
    """Raise DisagreementError, which names the logs and the cure, where the database is behind what was signed."""
    with connect(settings) as connection, connection.cursor() as cursor:
        wrong = find_contradictions(cursor, SignedFiles(settings.signed_dir))
    if not wrong:
        return
    named = "; ".join(str(error) for _, error in wrong[:MOST_NAMED])
    more = f"; and {len(wrong) - MOST_NAMED:,} more" if len(wrong) > MOST_NAMED else ""
    cures = ". Or ".join(dict.fromkeys(error.cure for _, error in wrong))
    raise DisagreementError(
        f"the database disagrees with what was signed and published: {named}{more}",
        cure=f"{cures}. To start without that, add --let-stand: these logs then stand still, and the others go on",
    )
