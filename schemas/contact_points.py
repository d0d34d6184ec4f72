"""Fields for phone numbers and e-mail addresses, the same wherever a record has them."""

import re
from typing import Any

from email_validator import EmailNotValidError, validate_email

from chassis.phones import e164
from chassis.validation import Problem, Text

# PERF: the library takes forty times longer; what does not look quite ordinary goes through it.
# Names that it reserves end otherwise than in com or cn, and no name server is asked by either.
_ORDINARY = re.compile(
    r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+){0,5}@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+){0,3}\.){1,3}(?:com|cn)",
    re.ASCII,
)


class PhoneField(Text):
    """A phone number as it was typed; `phone_malformed` if it can not be one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(maximum=40, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text and e164(text) is None:
            raise Problem("phone_malformed")
        return text


class EmailField(Text):
    """An e-mail address, its domain in lower case; `email_malformed` if it can not be one."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["metadata"] = {"format": "email", **kwargs.get("metadata", {})}
        super().__init__(maximum=254, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not text:
            return text
        normal = email(text)
        if normal is None:
            raise Problem("email_malformed")
        return normal


def email(text: str) -> str | None:
    """Return an address with its domain in lower case, or None; asks no name server."""
    if len(text) <= 64 and _ORDINARY.fullmatch(text):
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.lower()}"
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return None
