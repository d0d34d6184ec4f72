"""Remember ports, passwords and progress between two runs.

One JSON file, readable by its owner alone. PostgreSQL and RabbitMQ start side by side and both
write to it, and two processes may share it, so every change is a read-modify-write under a file
lock.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from omnibus.problem import Problem

T = TypeVar("T")


class State:
    """The remembered facts of one local house, by section and key."""

    def __init__(self, folder: Path) -> None:
        """Use `state.json` in `folder`, which is made when it is missing."""
        self.path = folder / "state.json"
        self._lock_path = folder / "state.lock"

    def get(self, section: str, key: str) -> Any:
        """Return what is remembered, or None."""
        with self._locked():
            return self._read().get(section, {}).get(key)

    def section(self, section: str) -> dict[str, Any]:
        """Return a copy of a whole section."""
        with self._locked():
            return dict(self._read().get(section, {}))

    def put(self, section: str, key: str, value: Any) -> None:
        """Remember a value; None forgets it."""
        with self._locked():
            facts = self._read()
            facts.setdefault(section, {})[key] = value
            if value is None:
                del facts[section][key]
            self._write(facts)

    def remember(self, section: str, key: str, make: Callable[[], T]) -> T:
        """Return the remembered value, or make it and remember it."""
        with self._locked():
            facts = self._read()
            values = facts.setdefault(section, {})
            if key not in values:
                values[key] = make()
                self._write(facts)
            value: T = values[key]
            return value

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # A descriptor per use: flock then also excludes other threads of this process.
        descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            facts = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise Problem(
                f"{self.path} can not be read ({error}): run `make reset` to start afresh."
            ) from None
        return dict(facts)

    def _write(self, facts: dict[str, dict[str, Any]]) -> None:
        draft = self.path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(facts, file, indent=1, sort_keys=True)
        draft.replace(self.path)
