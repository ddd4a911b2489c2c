"""The scan for lines agrees with tomllib about where everything is."""

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from maninso.charter import load_preset
from maninso.charter.load import preset_ids
from maninso.charter.locate import find_lines

DOCUMENT = r'''# a comment with [brackets] and "quotes"
top = "a # b" # and a comment
"quoted \"key\"" = 'literal ]'
a.b . "c.d" = 1

[table]
long = """
[not.a.table]
key = 1 \""" ""still"""
raw = """"quoted""""
literal = \'\'\'
x = [1\'\'\'
after = { x = [1, { y = 2 }], "z" = "}" }
list = [ # comment ]
  1,
  [2,
   3], # comment
  2020-01-01 10:00:00,
]
[[items]]
n = 1
[items.sub]
n = 1
[[items.parts]]
n = 1
[[items.parts]]
n = 2

  [ [items] ]
'''.replace("\\'", "'").replace("  [ [items] ]\n", "[[ items ]]\nlast = true")


def paths_in(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key)
            yield from paths_in(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield (*path, index)
            yield from paths_in(item, (*path, index))


def test_every_kind_of_toml_is_found_on_its_line():
    lines = find_lines(DOCUMENT)
    assert set(lines) == {(), *paths_in(tomllib.loads(DOCUMENT))}
    text = DOCUMENT.split("\n")
    expected = {
        ("top",): "top =",
        ('quoted "key"',): '"quoted',
        ("a", "b", "c.d"): "a.b",
        ("table",): "[table]",
        ("table", "raw"): "raw =",
        ("table", "after", "x", 1, "y"): "after =",
        ("table", "list", 1, 1): "   3],",
        ("table", "list", 2): "  2020",
        ("items", 0): "[[items]]",
        ("items", 0, "sub"): "[items.sub]",
        ("items", 1, "last"): "last =",
    }
    for path, start in expected.items():
        assert text[lines[path] - 1].startswith(start)
    assert lines["items", 0, "parts", 1, "n"] - lines["items", 0, "parts", 0, "n"] == 2


def test_every_key_of_every_preset_has_a_line():
    for preset_id in preset_ids():
        text = load_preset(preset_id).source.decode()
        assert set(find_lines(text)) == {(), *paths_in(tomllib.loads(text))}


keys = st.text(min_size=1, max_size=5)
scalars = st.integers(-9, 9) | st.booleans() | st.text(max_size=8) | st.dates()
inline = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)


def quote(text):
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in text) + '"'


def render(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(render, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quote(key)} = {render(item)}" for key, item in value.items()) + "}"
    return str(value)


@settings(deadline=None)
@given(st.dictionaries(keys, st.lists(st.dictionaries(keys, inline, max_size=3), min_size=1, max_size=3), max_size=3))
def test_arrays_of_tables_are_found_where_they_are_written(data):
    written, expected = [], {(): 1}
    for name, tables in data.items():
        for index, table in enumerate(tables):
            written.append(f"[[{quote(name)}]]")
            expected.setdefault((name,), len(written))
            expected[name, index] = len(written)
            for key, value in table.items():
                written.append(f"{quote(key)} = {render(value)}")
                expected[name, index, key] = len(written)
                expected.update({(name, index, key, *path): len(written) for path in paths_in(value)})
    text = "\n".join(written)
    assert tomllib.loads(text) == data
    assert find_lines(text) == expected
