"""Keeps the vectors of petitions: the slow part of the index, done after the rest, where there is an encoder."""

from django.db import connection, transaction

from maninso.petitions.discovery import meaning
from maninso.petitions.discovery.grams import lead_of
from maninso.petitions.discovery.sql import QUERIES, VECTORS

BATCH = 8  # petitions that are encoded at a time: about three seconds of one core
_CHARACTERS = 1200  # of a text that its beginning is taken from


def prepare_vectors() -> bool:
    """Make the table of vectors where pgvector is there or may be created; may be run again. Returns whether it is."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(VECTORS)
        cursor.execute("SELECT to_regclass('petition_vector') IS NOT NULL")
        row = cursor.fetchone()
    return bool(row and row[0])


def encode_batch() -> int:
    """Encode up to 8 petitions whose vector is not there or of another text; returns how many were.

    0 as well where the encoder does not answer: what is not done is found again at the next call.
    """
    if not meaning.has_vectors():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["take_unmeant"], {"model": meaning.MODEL, "most": BATCH, "characters": _CHARACTERS})
        rows = cursor.fetchall()
    if not rows:
        return 0
    texts = [(title, lead_of(beginning)) for _, _, title, beginning in rows]
    flat = [text for title, lead in texts for text in meaning.passage_texts(title, lead)]
    vectors = meaning.encode(flat, kind="passage")
    if vectors is None:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        for number, (petition_id, digest, _, _) in enumerate(rows):
            made = meaning.make_meaning(*texts[number], vectors[2 * number : 2 * number + 2])
            cursor.execute(
                QUERIES["keep_vector"],
                {
                    "petition_id": petition_id,
                    "model": meaning.MODEL,
                    "digest": digest,
                    "title_stretch": made.title_stretch,
                    "lead_stretch": made.lead_stretch,
                    "e": made.write(),
                },
            )
    return len(rows)


def vector_lag() -> int:
    """Return how many petitions have no vector of their text yet; 0 where none are kept."""
    if not meaning.has_vectors():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["count_unmeant"], {"model": meaning.MODEL})
        row = cursor.fetchone()
    return int(row[0]) if row else 0
