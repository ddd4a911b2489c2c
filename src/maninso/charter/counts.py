"""Reads counts that were taken elsewhere: a JSON file of a registration day, a total, and signatures by region."""

import json
from datetime import date

from maninso.charter.base import CharterError
from maninso.charter.measuring import Counts
from maninso.charter.model import Charter

_CURE = 'write {"registered": "YYYY-MM-DD", "signatures": N, "by_region": {"AT": n, …}}'
_EARLIEST, _LATEST = date(1800, 1, 1), date(2999, 12, 31)


def load_counts(source: bytes, name: str, *, charter: Charter) -> tuple[date, Counts]:
    """Returns the day of registration and the counts in these JSON bytes; `name` stands for the file in messages.

    `by_region` may be left out only where the charter counts by no region. Raises CharterError naming the place:
    not JSON, a wrong type, a missing, unknown or repeated key, a negative number, an unknown region, or regions that
    add up to more than the total.
    """
    data = _read_object(source, name)
    for key in data:
        if key not in ("registered", "signatures", "by_region"):
            raise _fault(name, repr(key), "unknown key")
    registered = _read_day(data.get("registered"), name)
    signatures = _read_count(data.get("signatures"), name, "signatures")
    regional = [threshold.regional for threshold in charter.thresholds if threshold.regional]
    if "by_region" not in data and regional:
        raise _fault(name, "by_region", f"is required: {charter.id} counts by region")
    by_region = data.get("by_region", {})
    if not isinstance(by_region, dict):
        raise _fault(name, "by_region", "must be an object of region codes and numbers")
    other_codes = {other: code for each in regional for other, code in each.also_written.items()}
    counted: dict[str, int] = {}
    for written, number in by_region.items():
        code = other_codes.get(written, written)
        place = f"by_region[{written!r}]"
        if code not in charter.regions:
            raise _fault(name, place, _say_unknown(charter))
        if code in counted:
            raise _fault(name, place, f"the region {code} is given twice")
        counted[code] = _read_count(number, name, place)
    if sum(counted.values()) > signatures:
        raise _fault(name, "by_region", f"adds up to {sum(counted.values())}, more than signatures, {signatures}")
    return registered, Counts(signatures, counted)


def _read_object(source: bytes, name: str) -> dict[str, object]:
    def build(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in pairs:
            if key in found:
                raise _fault(name, repr(key), "is given twice")
            found[key] = value
        return found

    try:
        data = json.loads(source.decode("utf-8-sig"), object_pairs_hook=build)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise CharterError(f"{name}:{line}: the file is not UTF-8 text", cure="save it as UTF-8") from error
    except json.JSONDecodeError as error:
        raise CharterError(
            f"{name}:{error.lineno}: not JSON: {error.msg} (column {error.colno})", cure=_CURE
        ) from error
    except (RecursionError, ValueError) as error:
        # Brackets without end, or a number of thousands of digits.
        raise CharterError(f"{name}: not JSON that can be read: {error}", cure=_CURE) from error
    if not isinstance(data, dict):
        raise CharterError(f"{name}: must be an object", cure=_CURE)
    return data


def _read_day(value: object, name: str) -> date:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    # fromisoformat takes other ways to write a day, too.
    if day is None or day.isoformat() != value or not _EARLIEST <= day <= _LATEST:
        raise _fault(name, "registered", "must be a day such as '2024-07-16'")
    return day


def _read_count(value: object, name: str, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _fault(name, place, "must be a whole number, 0 or more")
    return value


def _say_unknown(charter: Charter) -> str:
    if not charter.regions:
        return f"unknown region: {charter.id} counts by no region"
    return f"unknown region: {charter.id} counts by {', '.join(charter.regions)}"


def _fault(name: str, place: str, what: str) -> CharterError:
    return CharterError(f"{name}: {place}: {what}", cure=_CURE)
