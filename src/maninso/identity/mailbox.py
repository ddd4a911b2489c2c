"""E-mail addresses: which ones there can be, and which of them are one mailbox.

One mailbox has many spellings. What its provider ignores is taken out before a digest is made of it, so that every
spelling is the same person (docs/reference/identity.md, "One mailbox"). The address that a message goes to stays as it
was written.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import idna

from maninso import ManinsoError, UsageError

SCHEME = "email"
"""The root identity scheme of the e-mail way: the issuer in its tickets."""

DISPOSABLE = f"{SCHEME}:disposable"
"""The same scheme where the domain gives throw-away addresses, and the charter lets them count but marks them."""

LONGEST = 254  # characters of an address (RFC 5321, section 4.5.3.1.3, less the angle brackets)
_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)

# Domains by which one provider's mailboxes are reached, and the one that stands for them.
_SAME = {
    "googlemail.com": "gmail.com",
    "hanmail.net": "daum.net",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "pm.me": "proton.me",
    "ya.ru": "yandex.ru",
    "yandex.com": "yandex.ru",
    "yandex.by": "yandex.ru",
    "yandex.kz": "yandex.ru",
}
# Signs in the local part that a provider does not see.
_UNSEEN = {"gmail.com": ".", "proton.me": ".-_"}
# Signs in the local part that are one to a provider: the second is written for the first.
_EQUAL = {"yandex.ru": ("-", ".")}


class AddressError(ManinsoError):
    """An address that no message can go to; `fault` is empty, form, long, local or domain."""

    def __init__(self, fault: str, message: str) -> None:
        super().__init__(message, cure="write it as name@example.org")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A readable address. `address` is what a message goes to, `person` the one spelling of all that are this mailbox.

    `domain` is in lower case and IDNA's ASCII form.
    """

    address: str
    person: str
    domain: str


def read_mailbox(text: str) -> Mailbox:
    """Read an address as people type it. Raises AddressError."""
    given = unicodedata.normalize("NFC", text).strip().removeprefix("mailto:").replace("＠", "@")
    if not given:
        raise AddressError("empty", "there is no address")
    local, at, host = given.rpartition("@")
    if not at or not local or not host:
        raise AddressError("form", "an address has a name, one @ and a domain")
    if not _LOCAL.fullmatch(local):
        raise AddressError("local", "the part before the @ holds something that addresses do not hold")
    domain = _read_domain(host)
    address = f"{local}@{domain}"
    if len(local) > _LONGEST_LOCAL or len(address) > LONGEST:
        raise AddressError("long", "the address is too long")
    same = _SAME.get(domain, domain)
    person = local.lower().partition("+")[0]
    person = "".join(sign for sign in person if sign not in _UNSEEN.get(same, ""))
    person = person.replace(*_EQUAL.get(same, ("", "")))
    if not person:
        raise AddressError("local", "the part before the @ names nobody")
    return Mailbox(address, f"{person}@{same}", domain)


def _read_domain(host: str) -> str:
    """Return a domain in IDNA's ASCII form (UTS 46, not transitional); an address of a machine is none."""
    try:
        domain = idna.encode(host, uts46=True, std3_rules=True).decode().rstrip(".")
    except (idna.IDNAError, UnicodeError) as error:
        raise AddressError("domain", "there can be no such domain") from error
    labels = domain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise AddressError("domain", "there can be no such domain")
    return domain


class DomainList(frozenset[str]):
    """Domains, each with all that are below it."""

    def covers(self, domain: str) -> bool:
        """Whether a domain or one above it is in the list."""
        labels = domain.split(".")
        return any(".".join(labels[start:]) in self for start in range(len(labels) - 1))


@lru_cache(4)
def read_disposable_domains(more: Path | None = None) -> DomainList:
    """Return the shipped list of domains that give throw-away addresses, with those of a file. Raises UsageError."""
    shipped = files("maninso.identity").joinpath("lists/disposable-domains.txt").read_text("utf-8")
    domains = set(_read_list(shipped.splitlines(), "the shipped list"))
    if more is not None:
        try:
            domains |= set(_read_list(more.read_text("utf-8").splitlines(), str(more)))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{more} cannot be read: {error}", cure="give a file of domains in UTF-8") from error
    return DomainList(domains)


def _read_list(lines: Iterable[str], name: str) -> Iterable[str]:
    """Yield the domains of a list: one a line, with `#` before a comment (a leading `*.` says nothing new)."""
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip().removeprefix("*.")
        if not text:
            continue
        try:
            yield _read_domain(text)
        except AddressError as error:
            message = f"{name}, line {number}: {text!r} is not a domain"
            raise UsageError(message, cure="write one domain a line") from error
