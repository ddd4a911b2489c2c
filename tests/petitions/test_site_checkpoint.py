"""The site's log's checkpoint as it stands at the foot of a message."""

import datetime as dt
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from django.db import connection

from maninso.ledger.checkpoint import open_checkpoint
from maninso.ledger.mldsa import make_cosigned_message
from maninso.ledger.note import ML_DSA_44, NoteSignature, SignedNote, SignerKey, VerifierKey
from maninso.ledger.proof import open_cosignatures
from maninso.petitions.access.site import read_checkpoint_text, read_site_file, site_log_key
from maninso.signing.keys import LogKey
from maninso.signing.sequencer import Sequencer
from maninso.signing.sitelog import Cosignature, keep_cosignature

pytestmark = pytest.mark.django_db

HOST = "petitions.example.org"
WITNESS = SignerKey("witness.example/w", b"w" * 32)


def name_checkpoints(now: dt.datetime) -> None:
    """One round of the worker."""
    connection.ensure_connection()
    sequencer = Sequencer(connection.connection, LogKey(bytes(range(32))).sign_as)
    sequencer.start_site_log(host=HOST)
    for _ in range(2):
        sequencer.catch_up(now=now)
        sequencer.name_checkpoints(now=now)


def test_before_the_first_checkpoint_there_is_nothing_to_say(opened: Callable[..., int]) -> None:
    opened()
    assert read_checkpoint_text() == ""


def test_it_is_the_served_checkpoint_with_what_fits_into_a_line_of_a_message(
    opened: Callable[..., int], now: dt.datetime
) -> None:
    opened()
    name_checkpoints(now)
    served = read_site_file("checkpoint")
    assert served is not None
    assert read_checkpoint_text() == served.body.decode()
    text = SignedNote.parse(served.body).text
    private = MLDSA44PrivateKey.generate()
    other = VerifierKey("other.example/w", ML_DSA_44, private.public_key().public_bytes_raw())
    time = int(now.timestamp())
    signature = private.sign(make_cosigned_message(name=other.name, time=time, text=text))
    long = NoteSignature(other.name, other.key_id, time.to_bytes(8, "big") + signature)
    with connection.cursor() as cursor:
        for key, line in ((WITNESS.cosigner, WITNESS.cosign(text, time=time)), (other, long)):
            keep_cosignature(cursor, Cosignature(key, 1, served.body, line.render(), now))
    said = read_checkpoint_text()
    key = VerifierKey.parse(str(site_log_key()))
    assert open_checkpoint(said.encode(), origin=f"{HOST}/log", key=key).size == 1
    assert [each.key for each in open_cosignatures(said.encode(), [WITNESS.cosigner, other])] == [WITNESS.cosigner]
    assert max(len(line) for line in said.splitlines(keepends=True)) <= 998
