import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from omnibus.local.house import House


def server_folder() -> Path:
    """Return a new folder for servers of another user.

    Not pytest's: every pytest that starts closes the folder above it for other users again.
    """
    return Path(tempfile.mkdtemp(prefix="omnibus-test-"))


def processes_of(home: Path) -> list[str]:
    """Return the running processes that have anything to do with a folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd", "status"]):
        words = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(str(home) in w for w in words):
            found.append(" ".join(words))
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that a server of another user can reach."""
    folder = server_folder()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def remains() -> Callable[[Path], list[str]]:
    """What still runs in or for a folder."""
    return processes_of


@pytest.fixture(scope="package")
def house() -> Iterator[House]:
    """A private PostgreSQL and RabbitMQ, whatever the environment gives: tests here crash them."""
    home = server_folder()
    house = House(home, given={})
    house.start_infrastructure()
    yield house
    house.stop()
    assert processes_of(home) == []
    shutil.rmtree(home)
