"""Importing without looking for garbage."""

import gc

import pytest

from maninso.run.importing import uncollected


def import_half() -> None:
    with uncollected():
        assert not gc.isenabled()
        raise ImportError


def test_cycles_are_looked_for_again_whatever_happened() -> None:
    with pytest.raises(ImportError):
        import_half()
    assert gc.isenabled()
