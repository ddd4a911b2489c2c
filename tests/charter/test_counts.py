"""Counts from elsewhere are read from JSON; whatever is wrong is told with its place."""

import json
from datetime import date

import pytest

from maninso.charter import CharterError, Counts, load_counts, load_preset

EU, TOWN = load_preset("eu-eci"), load_preset("university")


def read(text, charter=EU):
    raw = text if isinstance(text, bytes) else text.encode()
    return load_counts(raw, "counts.json", charter=charter)


def written(**changes):
    data = {"registered": "2024-07-16", "signatures": 100, "by_region": {"AT": 60, "BE": 40}}
    return json.dumps({key: value for key, value in {**data, **changes}.items() if value != "absent"})


def test_counts_are_read():
    assert read(written()) == (date(2024, 7, 16), Counts(100, {"AT": 60, "BE": 40}))
    assert read(b"\xef\xbb\xbf" + written().encode()) == read(written())


@pytest.mark.parametrize("day", ["1800-01-01", "2999-12-31"])
def test_any_likely_day_is_read(day):
    assert read(written(registered=day))[0] == date.fromisoformat(day)


def test_regions_may_be_left_out_where_none_is_counted():
    assert read(written(by_region="absent"), TOWN) == (date(2024, 7, 16), Counts(100, {}))


def test_another_code_for_a_region_is_read_as_its_own():
    assert read(written(by_region={"EL": 5}))[1] == Counts(100, {"GR": 5})


def test_signatures_of_no_known_region_are_in_the_total_alone():
    assert read(written(signatures=101))[1] == Counts(101, {"AT": 60, "BE": 40})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{\n"registered": "\xff"}', "counts.json:2: the file is not UTF-8 text"),
        ('{\n"registered": }', "counts.json:2: not JSON: Expecting value (column 15)"),
        ("", "counts.json:1: not JSON: Expecting value (column 1)"),
        ("[1]", "counts.json: must be an object"),
        ("null", "counts.json: must be an object"),
        (written(extra=1), "counts.json: 'extra': unknown key"),
        (written(registered="absent"), "counts.json: registered: must be a day such as '2024-07-16'"),
        (written(registered=20240716), "counts.json: registered: must be a day such as '2024-07-16'"),
        (written(registered="20240716"), "counts.json: registered: must be a day such as '2024-07-16'"),
        (written(registered="2024-02-30"), "counts.json: registered: must be a day such as '2024-07-16'"),
        (written(registered="1799-12-31"), "counts.json: registered: must be a day such as '2024-07-16'"),
        (written(registered="3000-01-01"), "counts.json: registered: must be a day such as '2024-07-16'"),
        (written(signatures="absent"), "counts.json: signatures: must be a whole number, 0 or more"),
        (written(signatures=-1), "counts.json: signatures: must be a whole number, 0 or more"),
        (written(signatures=1.0), "counts.json: signatures: must be a whole number, 0 or more"),
        (written(signatures=True), "counts.json: signatures: must be a whole number, 0 or more"),
        (written(signatures="100"), "counts.json: signatures: must be a whole number, 0 or more"),
        (written(by_region="absent"), "counts.json: by_region: is required: eu-eci counts by region"),
        (written(by_region=[1]), "counts.json: by_region: must be an object of region codes and numbers"),
        (written(by_region={"AT": -1}), "counts.json: by_region['AT']: must be a whole number, 0 or more"),
        (written(by_region={"AT": None}), "counts.json: by_region['AT']: must be a whole number, 0 or more"),
        (written(by_region={"GR": 1, "EL": 1}), "counts.json: by_region['EL']: the region GR is given twice"),
        (written(by_region={"AT": 101}), "counts.json: by_region: adds up to 101, more than signatures, 100"),
        ('{"signatures": 1, "signatures": 2}', "counts.json: 'signatures': is given twice"),
        ('{"by_region": {"AT": 1, "AT": 2}}', "counts.json: 'AT': is given twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, message):
    with pytest.raises(CharterError) as caught:
        read(text)
    assert str(caught.value) == message
    assert caught.value.cure
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("region", ["at", "UK", "CH", "", "AT ", "\ud800"])
def test_an_unknown_region_is_told_with_those_there_are(region):
    with pytest.raises(CharterError) as caught:
        read(written(by_region={region: 1}))
    assert str(caught.value).startswith(f"counts.json: by_region[{region!r}]: unknown region: eu-eci counts by AT, BE,")
    assert str(caught.value).encode()


def test_a_charter_without_regions_knows_none():
    with pytest.raises(CharterError, match="unknown region: university counts by no region"):
        read(written(), TOWN)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"signatures": ' + "9" * 5_000 + "}"])
def test_what_json_cannot_hold_is_told(text):
    with pytest.raises(CharterError, match=r"^counts\.json: not JSON that can be read: "):
        read(text)
