"""Validators of sizes that only the requests of deals need."""

from collections.abc import Sized
from decimal import Decimal

from marshmallow import validate

from chassis.validation import Problem


class AtMost(validate.Validator):
    """Refuses a list that is too long with `too_many`."""

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum

    def __call__(self, value: Sized) -> Sized:
        """Return the list if it is short enough."""
        if len(value) > self.maximum:
            raise Problem("too_many", maximum=self.maximum)
        return value


class Positive(validate.Validator):
    """Refuses zero and less with `not_positive`."""

    def __call__(self, value: Decimal) -> Decimal:
        """Return the number if it is more than zero."""
        if value <= 0:
            raise Problem("not_positive")
        return value
