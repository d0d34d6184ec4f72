"""Identifiers: UUIDv7, so that keys sort by time and page well."""

import re

import uuid_utils

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")


def new_id() -> str:
    """Return a fresh UUIDv7 in text form."""
    return str(uuid_utils.uuid7())


def is_id(text: object) -> bool:
    """Return whether a value is a UUID in canonical lower-case text form."""
    return isinstance(text, str) and _UUID.match(text) is not None
