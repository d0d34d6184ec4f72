"""One house for all files, swept between them: what one file leaves must not reach another's."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.hosted import DemoHouse, Process, demo, relay


@pytest.fixture(scope="session")
def servers() -> Iterator[DemoHouse]:
    """PostgreSQL and RabbitMQ of these tests alone: they are killed again and again."""
    # Not pytest's own folder: every session closes that to other users, and servers are such.
    home = Path(tempfile.mkdtemp(prefix="omnibus-"))
    made = DemoHouse(home)
    yield made
    made.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def house(servers: DemoHouse) -> Iterator[DemoHouse]:
    """The house as if it were new, without rows and messages, and as this process' environment."""
    servers.sweep()
    kept = {name: os.environ.get(name) for name in servers.house.env()}
    os.environ.update(servers.house.env())
    yield servers
    for name, value in kept.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(scope="module")
def service(house: DemoHouse) -> Iterator[Process]:
    """The demo service, running for the whole file."""
    process = demo(house).wait_ready()
    yield process
    process.kill()


@pytest.fixture(scope="module")
def relaying(house: DemoHouse) -> Iterator[Process]:
    """A relay of the demo service, running for the whole file."""
    process = relay(house).wait_ready()
    yield process
    process.kill()


@pytest.fixture
def client(house: DemoHouse) -> Iterator[object]:
    """A connected RPC client."""
    made = house.client()
    yield made
    made.stop()
