"""Reads charters: from bytes, from a file, or from the presets shipped with the program.

Every fault of a charter is reported at once, each as `FILE:LINE: key.path: what is wrong`.
"""

import difflib
import functools
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path as FilePath

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from maninso import UnreadableError
from maninso.charter import model, thresholds
from maninso.charter.base import CharterError, Model, Path, Problem
from maninso.charter.locate import find_lines
from maninso.charter.model import Charter, attach_source

_CURE = "mend the lines named above; docs/reference/charter.md describes every key"
_PLACE = re.compile(r"(.*) \((?:at line (\d+), column (\d+)|at end of document)\)", re.DOTALL)


def preset_ids() -> tuple[str, ...]:
    """Returns the ids of the shipped charters, sorted."""
    names = (entry.name for entry in resources.files("maninso.charter").joinpath("presets").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@functools.cache
def load_preset(preset_id: str) -> Charter:
    """Returns a shipped charter; raises CharterError when there is none of that id."""
    if preset_id not in preset_ids():
        near = difflib.get_close_matches(preset_id, preset_ids(), n=1)
        raise CharterError(
            f"there is no charter {preset_id!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
            cure=f"use the path of a charter file (.toml), or one of: {', '.join(preset_ids())}",
        )
    name = f"{preset_id}.toml"
    return load_charter(resources.files("maninso.charter").joinpath("presets", name).read_bytes(), name=name)


def read_charter(path_or_preset: str) -> Charter:
    """Returns the preset of that id, or the charter in that file.

    Anything with a folder or the ending `.toml` is a file; raises UnreadableError when it cannot be read, and
    CharterError when what it holds is no charter or there is no such preset.
    """
    if path_or_preset in preset_ids():
        return load_preset(path_or_preset)
    path = FilePath(path_or_preset)
    if path.suffix != ".toml" and len(path.parts) < 2 and not path.is_file():
        return load_preset(path_or_preset)
    try:
        source = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(
            f"{path_or_preset}: cannot be read: {reason}", cure="check the path and that this user may read the file"
        ) from error
    return load_charter(source, name=path_or_preset)


def load_charter(source: bytes, *, name: str) -> Charter:
    """Returns the charter in these TOML bytes; `name` stands for the file in messages.

    Raises CharterError with one line a fault: `NAME:LINE: key.path: what is wrong`.
    """
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise CharterError(f"{name}:{line}: the file is not UTF-8 text", cure="save it as UTF-8") from error
    # TOML takes CR LF for LF.
    text = text.replace("\r\n", "\n")
    try:
        data = _freeze_arrays(tomllib.loads(text))
    except RecursionError as error:
        raise CharterError(f"{name}:1: brackets are nested too deeply for a charter", cure=_CURE) from error
    except ValueError as error:
        raise CharterError(_describe_syntax(str(error), name=name, text=text), cure=_CURE) from error
    try:
        return attach_source(Charter.model_validate(data), source)
    except ValidationError as error:
        problems = [problem for details in error.errors() for problem in _explain(details)]
    lines = find_lines(text)
    found = sorted({(_line_of(path, lines), f"{_render_path(path)}: {what}") for path, what in problems})
    raise CharterError("\n".join(f"{name}:{line}: {rest}" for line, rest in found), cure=_CURE)


def _freeze_arrays(value: object) -> object:
    # The models are strict, and a frozen value holds tuples.
    if isinstance(value, dict):
        return {key: _freeze_arrays(item) for key, item in value.items()}
    return tuple(_freeze_arrays(item) for item in value) if isinstance(value, list) else value


def _describe_syntax(message: str, *, name: str, text: str) -> str:
    match = _PLACE.fullmatch(message)
    if match is None:
        return f"{name}:1: not TOML: {message}"
    if match[2] is None:
        return f"{name}:{text.rstrip().count(chr(10)) + 1}: not TOML: {match[1]} at the end of the file"
    return f"{name}:{match[2]}: not TOML: {match[1]} (column {match[3]})"


def _explain(details: ErrorDetails) -> list[Problem]:
    place: Path = tuple(part for part in details["loc"] if part != "[key]")
    kind, given = details["type"], details["input"]
    if kind == "contradiction":
        return [((*place, *where), what) for where, what in details["ctx"]["problems"]]
    if kind == "missing":
        return [(place, "is required")]
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(place[-1]), _known_keys(), n=1)
        return [(place, "unknown key" + (f"; did you mean {near[0]!r}?" if near else ""))]
    if kind == "too_short":
        # Items that are wrong in themselves are not counted: only what is empty in the file lacks anything.
        return [] if given else [(place, "must not be empty")]
    if kind in _SHAPES:
        return [(place, _SHAPES[kind])]
    if kind == "model_type":
        return [(place, "must be a table" if details["ctx"]["class_name"] != "Text" else _TEXT)]
    what = details["msg"].replace("Input should", "should", 1)
    what = what[0].lower() + what[1:]
    return [(place, f"{what}, not {given!r}" if isinstance(given, str | int | float) else what)]


_SHAPES = {"tuple_type": "must be an array: [ … ]", "mapping_type": "must be a table", "dict_type": "must be a table"}
_TEXT = 'must be a text in quotes, or { ko = "…", en = "…" }'


@functools.cache
def _known_keys() -> tuple[str, ...]:
    found: set[str] = set()
    for module in (model, thresholds):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Model):
                found.update(value.model_fields)
    return tuple(sorted(found))


def _line_of(path: Path, lines: Mapping[Path, int]) -> int:
    # A key that is missing has no line of its own: the table it is missing from has.
    while path not in lines:
        path = path[:-1]
    return lines[path]


def _render_path(path: Path) -> str:
    rendered = "".join(f"[{part}]" if isinstance(part, int) else f".{_render_key(part)}" for part in path)
    return rendered.removeprefix(".") or "the charter"


def _render_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else repr(key)
