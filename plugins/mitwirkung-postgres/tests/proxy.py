"""A door to a server that can be slammed in the middle of a COMMIT."""

from __future__ import annotations

import contextlib
import select
import shutil
import socket
import ssl
import tempfile
import threading
from pathlib import Path
from typing import Literal

import trustme
from psycopg.conninfo import make_conninfo
from server import Server

Cut = Literal["before", "after"]
SOCKET = ".s.PGSQL.5432"


class Proxy:
    """Passes on what is said. If `cut` is set, the next connection that says COMMIT is cut:
    before the server hears it, or after it has done it and before the client hears that."""

    def __init__(self, server: Server) -> None:
        self._server = f"{server.sockets}/{SOCKET}"
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self.cut: Cut | None = None
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(self._folder / SOCKET))
        self._door.listen()
        threading.Thread(target=self._open, daemon=True).start()

    def conninfo(self, database: str) -> str:
        """The same place, by this door."""
        return make_conninfo(database, host=str(self._folder))

    def close(self) -> None:
        self._door.close()
        shutil.rmtree(self._folder)

    def _open(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            deaf = threading.Event()
            threading.Thread(target=self._ask, args=(client, server, deaf), daemon=True).start()
            threading.Thread(target=self._answer, args=(client, server, deaf), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, deaf: threading.Event) -> None:
        try:
            while said := client.recv(65536):
                if self.cut and b"COMMIT" in said and b"BEGIN" not in said:
                    cut, self.cut = self.cut, None
                    deaf.set()  # the answer is heard by nobody
                    if cut == "before":
                        break
                server.sendall(said)
        except OSError:
            pass
        _shut(server)
        _shut(client)

    def _answer(self, client: socket.socket, server: socket.socket, deaf: threading.Event) -> None:
        try:
            while said := server.recv(65536):
                if deaf.is_set():
                    break
                client.sendall(said)
        except OSError:
            pass
        _shut(client)
        _shut(server)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


class TlsDoor:
    """A door to a server with a certificate for `localhost`, as libpq asks for it: the 8 bytes of
    its SSLRequest are answered by S, and then TLS begins.

    Args:
        server: where it leads to.
        folder: for the certificates: `city.pem` of its own authority, `other.pem` of another one.

    Attributes:
        passed: how often something was said through it.
    """

    def __init__(self, server: Server, folder: Path) -> None:
        authority, other = trustme.CA(), trustme.CA()
        authority.cert_pem.write_to_path(folder / "city.pem")
        other.cert_pem.write_to_path(folder / "other.pem")
        self._server, self._folder = f"{server.sockets}/{SOCKET}", folder
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(self._context)
        self.passed = 0
        self._door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._open, daemon=True).start()

    def conninfo(self, database: str, **stated: str) -> str:
        """The same place, by this door."""
        port = self._door.getsockname()[1]
        root = self._folder / stated.pop("sslrootcert", "city.pem")
        named = {"host": "localhost", "hostaddr": "127.0.0.1", "port": port, **stated}
        return make_conninfo(database, sslrootcert=str(root), **named)

    def close(self) -> None:
        self._door.close()

    def _open(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        try:
            client.recv(8)
            client.sendall(b"S")
            safe = self._context.wrap_socket(client, server_side=True)
        except OSError:
            _shut(client)
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        ends = {safe: server, server: safe}
        try:
            while True:
                ready = [safe] if safe.pending() else select.select([*ends], [], [])[0]
                for end in ready:
                    said = end.recv(65536)
                    if not said:
                        return
                    ends[end].sendall(said)
                    self.passed += end is safe
        except OSError:
            pass
        finally:
            _shut(safe)
            _shut(server)
