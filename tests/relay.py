"""A way to a server that can lose what the server answers, as a firewall does that has forgotten a connection."""

import socket
import threading
from typing import Self


class Relay:
    """The server at a port of its own."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._door = socket.create_server(("127.0.0.1", 0))
        self._clients: list[socket.socket] = []
        self._silent: frozenset[socket.socket] = frozenset()
        self.port: int = self._door.getsockname()[1]

    def lose_answers(self) -> None:
        """From now on, on the connections that are open."""
        self._silent = frozenset(self._clients)

    def __enter__(self) -> Self:
        threading.Thread(target=self._meet, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for client in self._clients:
            client.close()

    def _meet(self) -> None:
        try:
            while True:
                client, _ = self._door.accept()
                server = socket.create_connection(self._server)
                self._clients.append(client)
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()
        except OSError:
            return

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if sink not in self._silent:
                    sink.sendall(data)
        except OSError:
            pass
        finally:
            source.close()
