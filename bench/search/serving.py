"""Starts the commands and the site that the benches of search measure."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

GIVEN_DATABASE = os.environ.get("DATABASE_URL")


def own_environment(**changed: str) -> dict[str, str]:
    """Return this process's environment without the address of an embedded server that it used itself and stopped."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return {**environment, **({"DATABASE_URL": GIVEN_DATABASE} if GIVEN_DATABASE else {}), **changed}


def maninso(*arguments: str) -> None:
    """Run a command of maninso; its output goes to standard error."""
    subprocess.run([sys.executable, "-m", "maninso", *arguments], check=True, stdout=sys.stderr, env=own_environment())


@contextmanager
def serve_site(*, patience: float = 60.0, **environment: str) -> Iterator[str]:
    """Serve the site of MANINSO_HOME on a free port for the time of the block; gives its address."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "maninso", "serve", "--port", str(port), "--no-worker"]
    with subprocess.Popen(command, env=own_environment(**environment), stdout=subprocess.DEVNULL) as site:
        try:
            deadline = time.monotonic() + patience
            while True:
                try:
                    with urllib.request.urlopen(f"{url}/api/v1/similar?title=x", timeout=10):
                        break
                except OSError:
                    if time.monotonic() > deadline or site.poll() is not None:
                        raise
                    time.sleep(0.2)
            time.sleep(5.0)  # the encoder may still be loading, and is not asked again for five seconds
            yield url
        finally:
            site.send_signal(signal.SIGTERM)
            site.wait(60)
