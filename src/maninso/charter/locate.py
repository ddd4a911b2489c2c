"""Where in a TOML document each key is: a small scan that turns a place in the data into a line of the file.

Only for documents that `tomllib` has accepted (TOML 1.0.0), so it looks for structure and never for faults.
"""

import re
import tomllib
from bisect import bisect_right

from maninso.charter.base import Path

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BASIC = re.compile(r'"(?:[^"\\]|\\.)*"')
_LITERAL = re.compile(r"'[^']*'")
_LONG_BASIC = re.compile(r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''(?:[^']|'{1,2}(?!'))*'{3,5}")
_SCALAR = re.compile(r"[^,\]}\n#]*")


def find_lines(text: str) -> dict[Path, int]:
    """Returns the line (from 1) on which each table, key and array item of a valid TOML document first stands."""
    scan = _Scan(text)
    scan.read_document()
    return scan.lines


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {(): 1}
        self.tables_in: dict[Path, int] = {}
        self.starts = [0] + [match.end() for match in re.finditer("\n", text)]

    def note(self, path: Path) -> None:
        self.lines.setdefault(path, bisect_right(self.starts, self.at))

    def skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"not TOML at character {self.at}")
        self.at = match.end()
        return match[0]

    def read_document(self) -> None:
        base: Path = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                base = self.read_header()
            else:
                self.read_pair(base)
            self.skip(_BLANK)

    def read_header(self) -> Path:
        repeated = self.text.startswith("[[", self.at)
        self.at += 2 if repeated else 1
        self.skip(_SPACE)
        names = self.read_key()
        path: Path = ()
        for depth, name in enumerate(names, start=1):
            path = (*path, name)
            self.note(path)
            if repeated and depth == len(names):
                self.tables_in[path] = self.tables_in.get(path, 0) + 1
            if path in self.tables_in:
                # A header below an array of tables means the array's newest table.
                path = (*path, self.tables_in[path] - 1)
                self.note(path)
        self.skip(_SPACE)
        self.at += 2 if repeated else 1
        return path

    def read_pair(self, base: Path) -> None:
        begins = self.at
        names = self.read_key()
        after, self.at = self.at, begins
        path = base
        for name in names:
            path = (*path, name)
            self.note(path)
        self.at = after + 1  # the equals sign
        self.skip(_SPACE)
        self.read_value(path)

    def read_key(self) -> list[str]:
        names: list[str] = []
        while True:
            self.skip(_SPACE)
            if self.text[self.at] in "\"'":
                raw = self.skip(_BASIC if self.text[self.at] == '"' else _LITERAL)
                names.append(tomllib.loads(f"key = {raw}")["key"])
            else:
                names.append(self.skip(_BARE_KEY))
            self.skip(_SPACE)
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def read_value(self, path: Path) -> None:
        for opening, pattern in (('"""', _LONG_BASIC), ("'''", _LONG_LITERAL), ('"', _BASIC), ("'", _LITERAL)):
            if self.text.startswith(opening, self.at):
                self.skip(pattern)
                return
        opening = self.text[self.at]
        if opening not in "[{":
            self.skip(_SCALAR)
            return
        self.at += 1
        self.skip(_BLANK)
        index = 0
        while self.text[self.at] not in "]}":
            if opening == "[":
                self.note((*path, index))
                self.read_value((*path, index))
            else:
                self.read_pair(path)
            index += 1
            self.skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1
                self.skip(_BLANK)
        self.at += 1
