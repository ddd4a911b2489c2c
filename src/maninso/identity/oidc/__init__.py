"""Proving who one is at an OpenID Connect provider, for signing: verify, digest, discard.

A thin step of our own: it asks for as little as it can, checks the ID token in full, takes a subject, an assurance, an
age and a region out of it, and drops the rest. No profile is ever stored. Each kind of provider has a folder with what
is different about it.
"""

from maninso.identity.oidc.errors import ProviderDown, ProviderError
from maninso.identity.oidc.flow import LIFETIME, Pending, begin, finish, name_cookie, read_pending, seal_pending
from maninso.identity.oidc.provider import Provider, read_providers
from maninso.identity.oidc.verified import Verified, describe_verified, make_provider_ticket

__all__ = [
    "LIFETIME",
    "Pending",
    "Provider",
    "ProviderDown",
    "ProviderError",
    "Verified",
    "begin",
    "describe_verified",
    "finish",
    "make_provider_ticket",
    "name_cookie",
    "read_pending",
    "read_providers",
    "seal_pending",
]
