"""The runner's side of the child process that reads a file."""

import contextlib
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

_READ = 1 << 16
_ROOT = Path(__file__).resolve().parents[2]


class FileRefused(Exception):
    """The file is not what it should be; the code says how."""

    def __init__(self, code: str, details: Mapping[str, Any]) -> None:
        super().__init__(code)
        self.code, self.details = code, dict(details)


class ReaderDied(Exception):
    """The child ended before the file did: it was killed, or the file killed it."""


class FileReader:
    """Reads one file in a child process; closing it ends the child, whatever it does.

    Args:
        pieces: The bytes of the file; asked for one by one.
        chunk_rows: Rows per chunk.
    """

    def __init__(
        self,
        pieces: Iterable[bytes],
        mapping: Mapping[str, Any] | None,
        chunk_rows: int,
    ) -> None:
        self._pieces = pieces
        self._request = orjson.dumps({"mapping": mapping, "chunk_rows": chunk_rows}) + b"\n"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Return the id of the child process, None before it was started."""
        return self._child.pid if self._child else None

    def __enter__(self) -> Self:
        # An environment of its own: the child has no use for our credentials.
        self._child = subprocess.Popen(
            [sys.executable, "-m", "gateway.imports.parse_file"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Unbuffered: a green pipe under a buffer is read byte by byte.
            bufsize=0,
            cwd=_ROOT,
            env={"PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8"},
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._child is not None
        with contextlib.suppress(ProcessLookupError):
            self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            with contextlib.suppress(OSError, ValueError):
                if pipe:
                    pipe.close()
        self._child.wait()

    def messages(self) -> Iterator[dict[str, Any]]:
        """Yield the head, then the chunks, in order.

        Raises:
            FileRefused: With the codes of `parse_file`.
            ReaderDied: The child ended too early.
        """
        assert self._child is not None
        # The child reads everything before it writes, so the two pipes do not wait for each other.
        with contextlib.suppress(BrokenPipeError):
            self._write(self._request)
            for piece in self._pieces:
                self._write(piece)
            assert self._child.stdin is not None
            self._child.stdin.close()
        for line in self._lines():
            message: dict[str, Any] = orjson.loads(line)
            if "error" in message:
                raise FileRefused(message["error"], message["details"])
            if "end" in message:
                return
            yield message
        raise ReaderDied

    def _write(self, data: bytes) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self._child.stdin.write(view) :]

    def _lines(self) -> Iterator[bytes]:
        """Yield whole lines; what a dying child left unfinished is dropped."""
        assert self._child is not None
        assert self._child.stdout is not None
        begun: list[bytes] = []
        while data := self._child.stdout.read(_READ):
            *whole, rest = data.split(b"\n")
            for part in whole:
                begun.append(part)
                yield b"".join(begun)
                begun = []
            begun.append(rest)
