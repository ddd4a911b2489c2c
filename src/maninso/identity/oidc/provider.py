"""The file of MANINSO_OIDC_PROVIDERS: which providers there are, and what their claims mean (reference/identity.md)."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from maninso import UsageError

ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that an ID token may carry. HS256 and "none" are not among them, whatever a provider says."""

_LOCAL = ("localhost", "127.0.0.1", "::1")
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")

Scheme = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*\z", max_length=64)]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?\z")]
Level = Annotated[int, Field(ge=0, le=3)]
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Names(_Model):
    """What people call the provider."""

    ko: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def in_language(self, language: str) -> str:
        """Return the Korean for `ko`, else the English."""
        return self.ko if language == "ko" else self.en


class Claims(_Model):
    """Which claims are read; a dot goes into an object. "" is not read."""

    subject: str = Field(default="sub", min_length=1)
    birth_date: str = ""
    region: str = ""


class Provider(_Model):
    """One provider. `scheme` is its root identity scheme: two providers of one share the people."""

    id: str
    kind: Literal["generic", "kakao", "naver"] = "generic"
    name: Names
    client_id: str = Field(min_length=1)
    client_secret: str = ""
    client_secret_file: str = ""
    issuer: str = ""
    scheme: Scheme = ""
    scopes: tuple[str, ...] = ("openid",)
    algorithms: tuple[Algorithm, ...] = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
    assurance: Level = 1
    acr: Mapping[str, Level] = {}
    claims: Claims = Claims()
    regions: Mapping[str, Region] = {}
    userinfo: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind == "generic" and not self.issuer:
            raise ValueError("a generic provider needs its 'issuer'")
        if self.issuer:
            parts = urlsplit(self.issuer)
            if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
                raise ValueError("'issuer' must begin with https://")
            if parts.query or parts.fragment:
                raise ValueError("'issuer' has no query and no fragment")
        if self.client_secret and self.client_secret_file:
            raise ValueError("give 'client_secret' or 'client_secret_file', not both")
        if self.kind == "naver" and self.acr:
            raise ValueError("naver gives no ID token, so there is no 'acr' to map")
        return self

    def __repr__(self) -> str:
        return f"Provider({self.id!r})"  # never the secret


def read_providers(path: Path | None) -> dict[str, Provider]:
    """Return the providers of a file by their id, in its order; none without a file. Raises UsageError with the place.

    Lists in TOML become tuples, and `client_secret_file` (beside the file, if it is relative) is read.
    """
    if path is None:
        return {}
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            f"{path}: {error}", cure="correct the file; docs/reference/identity.md has an example"
        ) from error
    providers = {}
    for name, table in document.items():
        if not _ID.fullmatch(name) or name in ("email", "rehearsal") or not isinstance(table, dict):
            raise UsageError(
                f"{path}: [{name}] is not a provider's table", cure="name it in lower-case letters, digits and hyphens"
            )
        providers[name] = _read_provider(path, name, table)
    return providers


def _read_provider(path: Path, name: str, table: dict[str, object]) -> Provider:
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    given = {"scheme": name, **given, "id": name}
    secret_file = given.get("client_secret_file")
    try:
        provider = Provider.model_validate(given)
        if isinstance(secret_file, str) and secret_file:
            secret = (path.parent / secret_file).read_text("utf-8").strip()
            provider = provider.model_copy(update={"client_secret": secret, "client_secret_file": ""})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join([name, *(str(part) for part in first["loc"])])
        raise UsageError(f"{path}: {place}: {first['msg']}", cure="see docs/reference/identity.md") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {name}.client_secret_file: {error}", cure="correct the path") from error
    return provider
