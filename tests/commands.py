"""`maninso` commands without their imports: `python -m tests.commands` has imported the program, and forks for each.

A line on its standard input is a command in JSON: words, environment, and the files for its two outputs. A child runs
it as `python -m maninso` would, to its exit; the answer is a line with the exit status. Words that begin with `-c` are
a program in Python, which a child runs as `python -c` would.
"""

import contextlib
import gc
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

LIBRARIES = (  # what Django's setup imports of its own that asks for no setting
    "django.contrib.auth.hashers",
    "django.contrib.messages.storage.base",
    "django.contrib.postgres.fields",
    "django.contrib.postgres.indexes",
    "django.contrib.sessions.backends.base",
    "django.core.mail",
    "django.core.management",
    "django.db.backends.postgresql.base",
    "django.db.migrations.operations",
    "django.middleware.csrf",
    "django.template",
    "django.template.defaulttags",
    "django.template.loader_tags",
    "django.templatetags.i18n",
    "django.urls",
    "django.views.debug",
    "procrastinate",
)

WORK = (  # what commands import when they run, and what can be imported once Django is set up
    "django.core.management.commands.migrate",
    "maninso.petitions.access",
    "maninso.petitions.discovery",
    "maninso.petitions.lifecycle",
    "maninso.run.rehearse",
)


class Commands:
    """Runs `maninso` commands, one at a time.

    With an `environment`, all are run in that one, and Django is set up in it once for all of them.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.environment = environment and dict(environment)
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.commands", *(["one"] if environment else [])],
            env=self.environment,
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, words: Sequence[str], environment: Mapping[str, str] | None = None, *, patience: float = 300
    ) -> "subprocess.CompletedProcess[str]":
        """Run one command; it is given up after `patience` seconds, and then no other can be run."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock, tempfile.TemporaryDirectory() as folder:
            places = [Path(folder, name) for name in ("stdout", "stderr")]
            job = {
                "words": list(words),
                "environment": environment and dict(environment),
                "outputs": [*map(str, places)],
            }
            timer = threading.Timer(patience, self._process.kill)
            timer.start()
            try:
                self._process.stdin.write(json.dumps(job) + "\n")
                self._process.stdin.flush()
                status = self._process.stdout.readline()
            finally:
                timer.cancel()
            said = [place.read_text() if place.exists() else "" for place in places]
            assert status, f"{words} did not end:\n{said[0]}\n{said[1]}"
            return subprocess.CompletedProcess(list(words), int(status), *said)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def wait_for_command() -> list[str]:
    """Answer until a command comes, and return its words in the child that is to run it; the parent does not return."""
    gc.freeze()  # what is imported is nothing that a child should look through
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for number, place in enumerate(job["outputs"], 1):
                os.dup2(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
            if job["environment"] is not None:
                os.environ.clear()
                os.environ.update(job["environment"])
            return list(job["words"])
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(status, flush=True)
    sys.exit(0)


if __name__ == "__main__":
    import importlib

    import django

    from maninso.run import cli

    if sys.argv[1:] == ["one"]:
        os.environ["DJANGO_SETTINGS_MODULE"] = "maninso.run.django_settings"
        django.setup()
        for name in WORK:
            importlib.import_module(name)
    else:
        for name in LIBRARIES:
            importlib.import_module(name)
    words = wait_for_command()
    try:
        if words[:1] == ["-c"]:
            sys.argv = ["-c", *words[2:]]
            exec(words[1], {"__name__": "__main__"})
            sys.exit(0)
        sys.argv = ["maninso", *words]
        cli.main()
    except SystemExit as done:
        if isinstance(done.code, int) and not threading.active_count() > 1:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(done.code)  # taking down what was imported for all would take longer than most commands
        raise
