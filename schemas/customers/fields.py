"""Fields of their own kind: credit codes, days of the year, ids in other systems."""

import re
import unicodedata
from typing import Any

from marshmallow import ValidationError, fields
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as NumberError

from chassis.validation import Problem, Text

_MONTH_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z")
_SHORT_MONTHS = frozenset(("02-30", "02-31", "04-31", "06-31", "09-31", "11-31"))


class CreditCodeField(fields.String):
    """A unified social credit code: 18 characters, the last a check digit (GB 32100-2015)."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"minLength": 18, "maxLength": 18, **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return str(uscc.validate(unicodedata.normalize("NFKC", text)))
        except NumberError:
            raise Problem("credit_code_malformed") from None


class MonthDayField(fields.String):
    """A day of the year, MM-DD; 02-29 is one."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"pattern": "^[0-9]{2}-[0-9]{2}$", **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not _MONTH_DAY.match(text) or text in _SHORT_MONTHS:
            raise Problem("not_a_month_and_day")
        return text


class ExternalIds(fields.Dict):
    """The record's id in other systems: system → id; in an update, null removes one."""

    def __init__(self, *, removable: bool = False, **kwargs: Any) -> None:
        super().__init__(
            keys=Text(maximum=40), values=Text(maximum=120, allow_none=removable), **kwargs
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            ids = super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        except ValidationError as error:
            raise Problem("invalid_field", expected="system: id") from error
        if len(ids) > 20:
            raise Problem("too_many", maximum=20)
        return ids
