"""A proxy between one of our connections and PostgreSQL that fails at a chosen statement.

It understands as much of the protocol as it takes to know where a statement ends and where its answer does (PostgreSQL
manual, "Frontend/Backend Protocol", "Message Formats"). A statement is one round trip: everything the client sends up
to a Query or Sync message, answered up to ReadyForQuery. Opening a connection counts as one, named CONNECT.
"""

import contextlib
import enum
import socket
import struct
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg

CANCEL = 80877102
ENCRYPTION = (80877103, 80877104)  # SSLRequest, GSSENCRequest
CONNECT = "CONNECT"


class Fault(enum.Enum):
    """What happens to the chosen statement."""

    LOST = "lost"  # the server never sees it, and the connection is cut
    PERSISTED = "persisted"  # the server carries it out; the connection is cut before its answer
    TORN = "torn"  # the server carries it out; the connection is cut before the last message of its answer
    SILENT = "silent"  # the server never sees it, and the connection stays open without a word


class Broken(Exception):
    """One of the two sides is gone."""


class Proxy:
    """Listens on a port of this machine; one thread a connection. `statements` are the round trips it has seen."""

    def __init__(self, database_url: str) -> None:
        with psycopg.connect(database_url) as connection:
            info = connection.info
            self._upstream = (info.host, info.port)
            parts = urlsplit(database_url)
            user, password = info.user, info.password
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        port = self._listener.getsockname()[1]
        credentials = f"{user}:{password}" if password else user
        self.url = f"postgresql://{credentials}@127.0.0.1:{port}{parts.path}?sslmode=disable&gssencmode=disable"
        self.statements: list[str] = []
        self._fault: tuple[int, Fault] | None = None
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._silence = threading.Event()
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def fail(self, number: int, fault: Fault) -> None:
        """Let the statement with this number (from 1, from now on) fail in this way; all others pass."""
        with self._lock:
            self.statements = []
            self._fault = (number, fault)

    def close(self) -> None:
        """Take no more connections and cut those that are open."""
        self._silence.set()
        self._listener.close()
        with self._lock:
            for each in self._sockets:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = self._dial()
        with self._lock:
            self._sockets |= {client, server}
        try:
            with client, server, contextlib.suppress(Broken, OSError):
                self._open(client, server)
                while True:
                    statement, name = read_statement(client)
                    self._pass(client, server, statement, name)
        finally:
            with self._lock:
                self._sockets -= {client, server}

    def _dial(self) -> socket.socket:
        host, port = self._upstream
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _open(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            head = read_exactly(client, 4)
            packet = head + read_exactly(client, struct.unpack(">I", head)[0] - 4)
            (code,) = struct.unpack(">I", packet[4:8])
            if code not in ENCRYPTION:
                break
            client.sendall(b"N")
        if code == CANCEL:
            server.sendall(packet)
            raise Broken
        self._pass(client, server, packet, CONNECT)

    def _pass(self, client: socket.socket, server: socket.socket, statement: bytes, name: str) -> None:
        fault = self._count(name)
        if fault is Fault.SILENT:
            self._silence.wait()
        if fault in (Fault.LOST, Fault.SILENT):
            raise Broken
        server.sendall(statement)
        answer = b""
        while True:
            kind, message = read_message(server)
            if kind == b"R" and struct.unpack(">I", message[5:9])[0] in (3, 5, 10, 11):  # the server asks for more
                client.sendall(answer + message)
                answer = b""
                server.sendall(read_message(client)[1])
                continue
            answer += message
            if kind == b"Z":
                break
        if fault is Fault.TORN:
            client.sendall(answer[: -len(message)])
            raise Broken
        if fault is Fault.PERSISTED:
            raise Broken
        client.sendall(answer)

    def _count(self, name: str) -> Fault | None:
        with self._lock:
            self.statements.append(name)
            if self._fault is None or len(self.statements) != self._fault[0]:
                return None
            return self._fault[1]


def read_statement(client: socket.socket) -> tuple[bytes, str]:
    """Return the messages up to the end of a round trip, and the first words of its SQL."""
    statement, name = b"", "EXECUTE"
    while True:
        kind, message = read_message(client)
        statement += message
        if kind == b"X":
            raise Broken
        if kind in (b"P", b"Q"):
            text = message[5:].split(b"\0")[1 if kind == b"P" else 0]
            name = " ".join(line for line in text.decode().split("\n") if not line.startswith("--"))[:40].strip()
        if kind in (b"Q", b"S"):
            return statement, name


def read_message(side: socket.socket) -> tuple[bytes, bytes]:
    """Return a message's type and all its bytes."""
    head = read_exactly(side, 5)
    return head[:1], head + read_exactly(side, struct.unpack(">I", head[1:])[0] - 4)


def read_exactly(side: socket.socket, length: int) -> bytes:
    """Return that many bytes. Raises Broken where the other side is gone."""
    received = bytearray()
    while len(received) < length:
        chunk = side.recv(length - len(received))
        if not chunk:
            raise Broken
        received += chunk
    return bytes(received)


@contextlib.contextmanager
def proxy_to(database_url: str) -> Iterator[Proxy]:
    """Run a proxy in front of a database for the time of the block."""
    proxy = Proxy(database_url)
    try:
        yield proxy
    finally:
        proxy.close()
