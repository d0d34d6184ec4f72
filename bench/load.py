"""The load: keep-alive connections in one thread, in a process of its own.

`python -m bench.load` reads its order as JSON from standard input, says `ready` when the
connections stand, begins when told `go` and prints what it saw. It reads as little of the answers
as it can: what it costs itself is missing from what the system can do.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request as it goes over the wire."""

    verb: str
    path: str
    headers: Mapping[str, str]
    body: str = ""

    def wire(self, host: str) -> bytes:
        """Return its bytes."""
        body = self.body.encode()
        lines = [f"{self.verb} {self.path} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True)
class Seen:
    """What the load saw.

    Attributes:
        p50, p99: Milliseconds.
        statuses: HTTP status → how often.
    """

    count: int
    seconds: float
    p50: float
    p99: float
    statuses: dict[str, int]

    @property
    def per_second(self) -> float:
        """Return the throughput."""
        return self.count / self.seconds

    def expect(self, status: int) -> "Seen":
        """Refuse figures of answers that are none."""
        if set(self.statuses) != {str(status)}:
            raise SystemExit(f"Expected only {status}, got {self.statuses}: nothing was measured.")
        return self


class Load:
    """A load that stands ready: the caller reads its meters, then lets it go."""

    def __init__(
        self,
        address: tuple[str, int],
        requests: Sequence[Request],
        *,
        connections: int,
        seconds: float = 0.0,
        warm: int = 0,
    ) -> None:
        """Prepare requests; each is sent once, or all of them in turn for some seconds.

        Args:
            warm: So many of them are sent over every connection before it says that it is ready:
                a connection belongs to one worker, and each worker has a cache of its own.
        """
        host, port = address
        order = {
            "host": host,
            "port": port,
            "connections": connections,
            "seconds": seconds,
            "warm": warm,
            "requests": [request.wire(f"{host}:{port}").decode() for request in requests],
        }
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "bench.load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._tell(json.dumps(order))
        if self._hear() != "ready":
            raise SystemExit("The load could not connect.")

    def run(self) -> Seen:
        """Let it go; returns when it has ended."""
        self._tell("go")
        answer: dict[str, Any] = json.loads(self._hear())
        self._process.wait(10)
        return Seen(**answer)

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


class _Connection:
    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.begun = 0.0
        self._buffer = b""
        self._wanted = 0

    def ask(self, request: bytes) -> None:
        self._buffer, self._wanted = b"", 0
        self.begun = time.perf_counter()
        self.socket.sendall(request)

    def answer(self) -> str | None:
        """Return the status once the whole answer is here, else None."""
        data = self.socket.recv(262_144)
        if not data:
            raise SystemExit("The server closed a connection.")
        self._buffer = self._buffer + data if self._buffer else data
        if not self._wanted:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return None
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self._wanted = end + 4 + length
        return self._buffer[9:12].decode() if len(self._buffer) >= self._wanted else None


def main() -> None:
    """Do what the order says."""
    order = json.loads(sys.stdin.readline())
    requests = [text.encode() for text in order["requests"]]
    selector = selectors.DefaultSelector()
    connections = [_Connection((order["host"], order["port"])) for _ in range(order["connections"])]
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    for connection in connections:
        for request in requests[: order["warm"]]:
            connection.ask(request)
            while connection.answer() is None:
                pass
    print("ready", flush=True)
    sys.stdin.readline()
    times: list[float] = []
    statuses: Counter[str] = Counter()
    sent, waiting = 0, 0
    started = time.perf_counter()
    until = started + order["seconds"]
    endless = order["seconds"] > 0

    def next_request() -> Any:
        if endless and time.perf_counter() >= until:
            return None
        if not endless and sent >= len(requests):
            return None
        return requests[sent % len(requests)]

    for connection in connections:
        request = next_request()
        if request is not None:
            connection.ask(request)
            sent, waiting = sent + 1, waiting + 1
    while waiting:
        for key, _ in selector.select(30):
            status = key.data.answer()
            if status is None:
                continue
            times.append(time.perf_counter() - key.data.begun)
            statuses[status] += 1
            request = next_request()
            if request is None:
                waiting -= 1
            else:
                key.data.ask(request)
                sent += 1
    seconds = time.perf_counter() - started
    times.sort()
    print(
        json.dumps(
            {
                "count": len(times),
                "seconds": seconds,
                "p50": 1000 * times[len(times) // 2],
                "p99": 1000 * times[min(len(times) * 99 // 100, len(times) - 1)],
                "statuses": statuses,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
