"""One system for all end-to-end tests: starting it takes longer than most of them."""

import os
from collections.abc import Iterator

import pytest

from tests.fixtures.system import Caller, System


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """Everything of the system, running."""
    kept = dict(os.environ)
    made = System()
    try:
        made.start()
        yield made
    finally:
        made.stop()
        os.environ.clear()
        os.environ.update(kept)


@pytest.fixture(scope="module")
def rep(system: System) -> Caller:
    """A sales representative."""
    return system.person("rep")


@pytest.fixture
def client(system: System) -> Caller:
    """Return a person with nothing but what its conversions make."""
    return system.person("rep", "/cn/south/sales/")
