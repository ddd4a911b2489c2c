"""A charter is read from a preset or a file; every fault is told with its file, line and key."""

import hashlib
from pathlib import Path

import pytest

from maninso import UnreadableError
from maninso.charter import CharterError, load_charter, load_preset, preset_ids, read_charter


def read_faults(source: str | bytes) -> list[str]:
    raw = source if isinstance(source, bytes) else source.encode()
    with pytest.raises(CharterError) as caught:
        load_charter(raw, name="town.toml")
    assert caught.value.exit_status == 2
    assert caught.value.cure
    return str(caught.value).splitlines()


def line_of(source: str, text: str) -> int:
    return source[: source.index(text)].count("\n") + 1


def test_a_charter_keeps_the_bytes_it_was_read_from(change):
    raw = change().replace("\n", "\r\n").encode()
    charter = load_charter(raw, name="town.toml")
    assert charter.source == raw
    assert charter.digest == hashlib.sha256(raw).digest()
    assert (charter.id, charter.title.ko, charter.institution.en) == ("town", "Town petitions", "Town hall")


def test_texts_follow_the_language(build):
    institution = build().institution
    assert [institution.in_language(tag) for tag in ("ko", "ko-KR", "en", "fi")] == [
        "읍사무소",
        "읍사무소",
        "Town hall",
        "Town hall",
    ]


def test_charters_do_not_change(build):
    with pytest.raises(Exception, match="frozen"):
        build().id = "other"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'id = "town"\ntitle = \n', "town.toml:2: not TOML: Invalid value (column 9)"),
        (b'id = "a"\nid = "b"\n', "town.toml:2: not TOML: Cannot overwrite a value (column 9)"),
        (b'id = "a"\nregions = [\n', "town.toml:2: not TOML: Invalid value at the end of the file"),
        (b'id = "a"\ntitle = "\xff"\n', "town.toml:2: the file is not UTF-8 text"),
        (b"x = " + b"[" * 100_000, "town.toml:1: brackets are nested too deeply for a charter"),
        (b"x = " + b"1" * 5_000, "town.toml:1: not TOML: Exceeds the limit"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(raw, message):
    (fault,) = read_faults(raw)
    assert fault.startswith(message)


def test_an_empty_file_lacks_everything():
    faults = read_faults(b"")
    assert faults[0] == "town.toml:1: collecting: is required"
    assert "town.toml:1: id: is required" in faults


DEADLINE = "thresholds[0].obligation.deadline"
# (old, new, the text whose line is named, key path, what is wrong)
FAULTS = [
    ('id = "town"', 'id = "Town"', 'id = "Town"', "id", "should match pattern"),
    ('title = "Town petitions"\n', "", 'id = "town"', "title", "is required"),
    ('title = "Town petitions"', "title = 5", "title = 5", "title", "must be a text in quotes, or {"),
    ('"읍사무소"', '""', "institution =", "institution.ko", "should have at least 1 character"),
    ("count = 5", "counts = 5", "counts = 5", "sponsors.counts", "unknown key; did you mean 'count'?"),
    ("count = 5", "count = 5\nzzz = 1", "zzz = 1", "sponsors.zzz", "unknown key"),
    ("count = 5", "", "[sponsors]", "sponsors.count", "is required"),
    ("count = 5", 'count = "5"', 'count = "5"', "sponsors.count", "should be a valid integer, not '5'"),
    ("count = 5", "count = true", "count = true", "sponsors.count", "should be a valid integer, not True"),
    ("count = 5", "count = 0", "count = 0", "sponsors.count", "should be greater than or equal to 1, not 0"),
    ("at_least = 100", "at_least = 9_000_000_000", "at_least =", "thresholds[0].at_least", "should be less than"),
    ("more_than = 500", "more_than = 5.5", "more_than =", "thresholds[1].more_than", "should be a valid integer"),
    (
        'counted_from = "threshold"',
        'counted_from = "noon"',
        '"noon"',
        DEADLINE + ".counted_from",
        "should be 'threshold', 'closing'",
    ),
    ("until = 2024-05-02", "until = 2024-05-02T00:00:00", "until = 2024-05-02T", "blackouts[0].until", "valid date"),
    ("until = 2024-05-02", 'until = "2024-05-02"', 'until = "2024', "blackouts[0].until", "should be a valid date"),
    ("GB-SCT = 21", "GB-SCT = -1", "{ since = 2022", "thresholds[1].regional.tables[1].minimum.GB-SCT", "greater"),
    ("GB-SCT = 21", "SCOT = 21", "{ since = 2022", "thresholds[1].regional.tables[1].minimum.SCOT", "match pattern"),
    ("hides = true", 'hides = "yes"', 'hides = "yes"', "rejection_reasons[1].hides", "should be a valid boolean"),
    ('"2 weeks"', '"2 week"', "window =", "sponsors.window", "must be a length such as"),
    ('"2 weeks"', "14", "window =", "sponsors.window", "must be a length of time in quotes"),
    ('"2 weeks"', '"2 sitting weeks"', "window =", "sponsors.window", "must be in days, weeks, months or years"),
    ('"2 weeks"', '"101 years"', "window =", "sponsors.window", "must be at most a hundred years"),
    ("[retention]", "[retention.extra]\nx = 1\n[retention]", "[retention.extra]", "retention.extra", "unknown key"),
    ("tables = [", "tables = []\nx = [", "tables = []", "thresholds[1].regional.tables", "must not be empty"),
    ("tables = [", "tables = 5\nx = [", "tables = 5", "thresholds[1].regional.tables", "must be an array: [ … ]"),
    (
        "minimum = {",
        "minimum = 1, x = {",
        "{ since = 2020",
        "thresholds[1].regional.tables[0].minimum",
        "must be a table",
    ),
    ("[sponsors]\n", "[[sponsors]]\n", "[[sponsors]]", "sponsors", "must be a table"),
    ("[[blackouts]]", "[blackouts]", "[blackouts]", "blackouts", "must be an array: [ … ]"),
    ('why = "elections"', '"w\\nhy" = "elections"', '"w\\nhy"', "blackouts[0].'w\\nhy'", "unknown key"),
]


@pytest.mark.parametrize(("old", "new", "near", "key", "what"), FAULTS)
def test_a_fault_is_told_with_its_line_and_key(change, old, new, near, key, what):
    source = change((old, new))
    faults = read_faults(source)
    place = f"town.toml:{line_of(source, near)}: {key}: "
    matching = [fault for fault in faults if fault.startswith(place)]
    assert len(matching) == 1
    assert what in matching[0].removeprefix(place)


def test_every_fault_is_told_at_once_in_the_order_of_lines(change):
    source = change(("count = 5", "count = 0"), ("at_least = 100", "at_least = 0"), ("hides = true", "hides = 1"))
    places = [int(fault.split(":")[1]) for fault in read_faults(source)]
    assert places == [line_of(source, near) for near in ("count = 0", "at_least = 0", "hides = 1")]


def test_presets_are_found_by_id():
    assert read_charter("uk-parliament") is load_preset("uk-parliament")
    assert all(load_preset(preset_id).id == preset_id for preset_id in preset_ids())


@pytest.mark.parametrize("read", [load_preset, read_charter])
def test_an_unknown_preset_is_told_with_those_there_are(read):
    with pytest.raises(CharterError) as caught:
        read("uk-parliment")
    assert str(caught.value) == "there is no charter 'uk-parliment'; did you mean 'uk-parliament'?"
    assert all(preset_id in caught.value.cure for preset_id in preset_ids())


def test_a_preset_id_never_leaves_its_folder():
    with pytest.raises(CharterError):
        load_preset("../presets/finland")


def test_a_file_is_read_by_its_path(tmp_path: Path, change, monkeypatch):
    (tmp_path / "town.toml").write_text(change(), encoding="utf-8")
    (tmp_path / "plain").write_text(change(), encoding="utf-8")
    assert read_charter(str(tmp_path / "town.toml")).id == "town"
    monkeypatch.chdir(tmp_path)
    assert [read_charter("town.toml").id, read_charter("plain").id] == ["town", "town"]


@pytest.mark.parametrize("name", ["missing.toml", "folder/missing", "bad\0name.toml"])
def test_a_file_that_cannot_be_read_is_told_apart(tmp_path: Path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreadableError) as caught:
        read_charter(name)
    assert str(caught.value).startswith(f"{name}: cannot be read: ")
    assert caught.value.exit_status == 3


def test_faults_of_a_file_name_the_path_given(tmp_path: Path):
    path = tmp_path / "bad.toml"
    path.write_text("id = 1\n", encoding="utf-8")
    with pytest.raises(CharterError) as caught:
        read_charter(str(path))
    assert f"{path}:1: id: should be a valid string, not 1" in str(caught.value).splitlines()
