"""What the log says of a request that failed: where it went, without what only its sender knows.

Django writes the path of each request that it answers with 4xx or 5xx. The links of creators, of sponsors and of those
who end their news are secrets that stand in paths, and anybody may type anything there.
"""

import logging
import re

from django.http import HttpRequest

NOWHERE = "(no address of this site)"
_PART = re.compile(r"<(?:\w+:)?(\w+)>")


class SecretsLeftOut(logging.Filter):
    """Puts the pattern of an address, with its numbers, in the place of a request's path."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, changed where it tells of a request."""
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            record.args = tuple(describe_address(request) if arg == request.path else arg for arg in record.args)
        return True


def describe_address(request: HttpRequest) -> str:
    """Return where a request went: `/petitions/12/creator/…`."""
    match = request.resolver_match
    if match is None:
        return NOWHERE
    given = {name: str(value) for name, value in match.kwargs.items()}
    return "/" + _PART.sub(lambda part: value if (value := given.get(part[1], "")).isdigit() else "…", match.route)
