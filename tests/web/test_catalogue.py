"""Everything that pages say is there in Korean, and the compiled catalogue is the written one."""

import re

import pytest
from tests.web.catalogue import MO, compile_catalogue, extract_messages, is_translated, read_catalogue

PLACES = re.compile(r"%\((\w+)\)s")


def test_every_message_is_translated_and_none_is_left_over() -> None:
    catalogue = read_catalogue()
    known = {(message.id, message.context): message for message in catalogue if message.id}
    assert set(known) == set(extract_messages())
    assert [message.id for message in known.values() if not is_translated(message)] == []
    assert list(catalogue.obsolete) == []


def test_compiled_catalogue_is_the_written_one() -> None:
    assert MO.read_bytes() == compile_catalogue(read_catalogue())


def test_translations_use_the_same_values() -> None:
    for message in read_catalogue():
        originals = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        wanted = {name for original in originals for name in PLACES.findall(original)}
        for string in strings:
            assert set(PLACES.findall(string)) <= wanted, message.id
            assert set(PLACES.findall(originals[0])) <= set(PLACES.findall(string)), message.id


@pytest.mark.parametrize("particle", re.findall(r"<j>(.*?)</j>", " ".join(str(m.string) for m in read_catalogue())))
def test_particles_give_both_forms(particle: str) -> None:
    assert particle in ("이/가", "은/는", "을/를", "과/와", "으로/로")
