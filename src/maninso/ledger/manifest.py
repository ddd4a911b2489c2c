"""What a static copy of a site consists of, signed: every file with length and digest (docs/howto/export-a-site.md).

`export/manifest` lists the files; `export/manifest.note` is a C2SP signed note with the manifest's digest, signed by a
key named HOST/export, which signs nothing else. The logs in a copy prove themselves; for pages, data and tables this
is what tells a copy from a forgery.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from itertools import pairwise
from pathlib import Path
from typing import Self

from maninso import UnreadableError
from maninso.ledger.canonical import Json
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.note import MAX_NOTE_BYTES, SignerKey, VerifierKey, open_note, sign_note
from maninso.ledger.recount import Problem

FOLDER, MANIFEST, NOTE, KEY = "export", "export/manifest", "export/manifest.note", "export/key"
VERSION = "export/v1"
MOST_SHOWN = 20  # files that are named one by one
_LINE = re.compile(r"([0-9a-f]{64}) (0|[1-9][0-9]{0,17}) ([^\x00-\x1f\x7f]{1,1000})", re.ASCII | re.DOTALL)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file: its digest (SHA-256, hex), its length in bytes, and where it lies below the folder."""

    digest: str
    size: int
    path: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of a copy, ordered by path; `at` is when it was made (UTC, to the second)."""

    host: str
    at: str
    files: tuple[FileLine, ...]

    def render(self) -> bytes:
        """Four lines of head (version, host, time, how many files), then a line a file."""
        head = [VERSION, self.host, self.at, str(len(self.files))]
        return "".join(
            f"{line}\n" for line in [*head, *(f"{each.digest} {each.size} {each.path}" for each in self.files)]
        ).encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises LedgerError (malformed-manifest) unless `data` is what `render` writes."""
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise LedgerError(Reason.MALFORMED_MANIFEST, "The manifest is not UTF-8.") from error
        lines = text.split("\n")
        if len(lines) < 5 or lines[0] != VERSION or lines[-1] or not _MOMENT.fullmatch(lines[2]):
            raise LedgerError(Reason.MALFORMED_MANIFEST, "The manifest's head is not that of a copy.")
        files = []
        for line in lines[4:-1]:
            match = _LINE.fullmatch(line)
            if match is None or not is_below(match[3]):
                raise LedgerError(Reason.MALFORMED_MANIFEST, f"The manifest has a line that is none: {line[:80]!r}.")
            files.append(FileLine(match[1], int(match[2]), match[3]))
        paths = [each.path for each in files]
        if lines[3] != str(len(files)) or any(a >= b for a, b in pairwise(paths)):
            raise LedgerError(Reason.MALFORMED_MANIFEST, "The manifest's files are not counted or not in order.")
        return cls(lines[1], lines[2], tuple(files))


def is_below(path: str) -> bool:
    """Whether a path stays below its folder: relative, without empty parts, `.` and `..`."""
    return all(part not in ("", ".", "..") for part in path.split("/")) and "\\" not in path


def export_name(host: str) -> str:
    """The name of the key that signs a site's copies."""
    return f"{host}/export"


def is_export_key(key: VerifierKey) -> bool:
    """True for a key named HOST/export."""
    host, slash, rest = key.name.rpartition("/")
    return bool(host and slash) and rest == "export" and "/" not in host


def sign_manifest(manifest: bytes, signer: SignerKey) -> bytes:
    """The note that vouches for a manifest: the key's name and the manifest's SHA-256 in base64, a line each."""
    return sign_note(_note_text(signer.name, manifest), [signer])


def _note_text(name: str, manifest: bytes) -> str:
    return f"{name}\n{base64.b64encode(sha256(manifest).digest()).decode()}\n"


@dataclass(kw_only=True)
class ExportCheck:
    """What became of checking a copy's files."""

    key: str = ""  # the key that signed it, as a vkey
    at: str = ""
    files: int = 0
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True if every file is as it was signed."""
        return not self.problems

    def to_json(self) -> dict[str, Json]:
        """`{"ok", "key", "at", "files", "problems", "warnings"}`."""
        return {
            "ok": self.ok,
            "key": self.key,
            "at": self.at,
            "files": self.files,
            "problems": [{"reason": str(each.reason), "message": each.message} for each in self.problems],
            "warnings": list(self.warnings),
        }

    def render(self) -> str:
        """Sentences for people."""
        lines = [f"The copy of {self.at or 'an unknown time'}: {self.files:,} files, signed by {self.key or 'nobody'}."]
        lines += [f"  WRONG ({each.reason}): {each.message}" for each in self.problems]
        lines += [f"  Note: {warning}" for warning in self.warnings]
        lines.append("The files are as they were signed." if self.ok else "The files do not hold.")
        return "\n".join(lines) + "\n"


def is_export(folder: Path) -> bool:
    """Whether a folder is a static copy of a site."""
    return (folder / MANIFEST).is_file()


def check_export(folder: Path, keys: Sequence[VerifierKey] = ()) -> ExportCheck:
    """Holds every file of a copy against its signed manifest.

    `keys` are those named HOST/export that one trusts; without one the key is read from the copy itself, which the
    check warns of. Raises UnreadableError if a file of the copy's own could not be read.
    """
    check = ExportCheck()
    data, note = _read(folder / MANIFEST), _read(folder / NOTE)[:MAX_NOTE_BYTES]
    try:
        manifest = Manifest.parse(data)
        check.at, check.files = manifest.at, len(manifest.files)
        key = _choose_key(folder, keys, manifest, check)
        check.key = key.render()
        if open_note(note, [key]).text != _note_text(key.name, data):
            raise LedgerError(Reason.CHANGED_FILE, "The manifest is not the one that was signed.")
    except LedgerError as error:
        check.problems.append(Problem(error.reason, str(error)))
        return check
    wrong = list(_find_changed(folder, manifest.files))
    for path, what in wrong[:MOST_SHOWN]:
        check.problems.append(Problem(Reason.CHANGED_FILE, f"{path} {what}."))
    if len(wrong) > MOST_SHOWN:
        check.problems.append(
            Problem(Reason.CHANGED_FILE, f"{len(wrong) - MOST_SHOWN:,} more files are not as signed.")
        )
    known = {each.path for each in manifest.files} | {MANIFEST, NOTE}
    strange = sorted(set(list_files(folder)) - known)
    if strange:
        check.warnings.append(
            f"{len(strange):,} files are not in the manifest, so nobody vouches for them: {strange[0]}"
        )
    return check


def _choose_key(folder: Path, keys: Sequence[VerifierKey], manifest: Manifest, check: ExportCheck) -> VerifierKey:
    name = export_name(manifest.host)
    trusted = [key for key in keys if key.name == name]
    if trusted:
        return trusted[0]
    if keys:
        raise LedgerError(Reason.WRONG_KEY, f"The copy is of {manifest.host}, and the key that was given is not.")
    key = VerifierKey.parse(_read(folder / KEY).decode(errors="replace").strip())
    if key.name != name:
        raise LedgerError(Reason.WRONG_KEY, f"The copy's own key is named {key.name}, not {name}.")
    check.warnings.append("The key was read from the copy itself; give the one that you know with --key.")
    return key


def _find_changed(folder: Path, files: Iterable[FileLine]) -> Iterable[tuple[str, str]]:
    for each in files:
        path = folder / each.path
        try:
            if path.stat().st_size != each.size:
                yield each.path, "has another length than was signed"
                continue
            with path.open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            yield each.path, "is missing"
        except OSError as error:
            raise UnreadableError(f"{path} could not be read: {error.strerror}.") from error
        else:
            if digest != each.digest:
                yield each.path, "has other bytes than were signed"


def list_files(folder: Path) -> Iterable[str]:
    """Every file below a folder by its path with `/`, but hidden ones."""
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            yield relative.as_posix()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path} could not be read: {error.strerror}.") from error
