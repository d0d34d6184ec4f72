"""The door: the app with stand-ins behind it."""

import pytest

from tests.fixtures.gateway_http import Door, a_door


@pytest.fixture
def door() -> Door:
    """Return a fresh app with an administrator's key."""
    return a_door()
