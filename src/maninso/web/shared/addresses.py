"""Addresses: absolute ones for files and QR codes, and those of data, which never carry a language."""

from django.conf import settings
from django.urls import get_resolver

_LOCAL = ("localhost", "127.0.0.1")


def site_origin() -> str:
    """Return scheme and host of the site (`https://petitions.example.org`); http where the host is this machine."""
    host: str = settings.MANINSO.host
    return f"{'http' if host.partition(':')[0] in _LOCAL else 'https'}://{host}"


def data_path(name: str, *args: object) -> str:
    """Return the address of JSON, CSV or a log file, which is the same in every language."""
    path: str = get_resolver(settings.ROOT_URLCONF).reverse(name, *args)
    return f"/{path}"


def data_address(name: str, *args: object) -> str:
    """Return the absolute address of JSON, CSV or a log file."""
    return site_origin() + data_path(name, *args)
