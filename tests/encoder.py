"""The real model behind a real socket, for tests that need meanings."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from maninso.petitions.discovery import meaning
from maninso.run.encoder import Encode, Server, Turns, load_model, prepare_socket

_loaded: list[Encode] = []


def model() -> Encode:
    """Return the model, loaded once."""
    if not _loaded:
        _loaded.append(load_model())
    return _loaded[0]


@contextmanager
def serve(home: Path, turns: Turns, settings: Any) -> Iterator[Path]:
    """Answer in a folder, and let Django's settings (the fixture) say that site lies there."""
    settings.MANINSO = replace(settings.MANINSO, home=home, semantic=True)
    path = prepare_socket(home)
    meaning.forget_encoder()
    meaning.PATIENCE.update(dict.fromkeys(meaning.PATIENCE, 60.0))  # however busy the machine is
    with Server(path, turns) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield path
        finally:
            server.shutdown()
            thread.join()
            meaning.forget_encoder()
            path.unlink(missing_ok=True)
