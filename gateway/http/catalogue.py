"""The catalogue of codes: the one source of problem texts, their pages and docs/errors.md.

`python -m gateway.http.catalogue` rewrites docs/errors.md.
"""

import string
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).resolve().parents[1] / "errors.yaml"
_DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "errors.md"
_SUGGESTION = {"en": " Did you mean {name}?", "zh": "您是否想写 {name}？"}
_JOINT = {"en": ", ", "zh": "、"}


@dataclass(frozen=True)
class Entry:
    """One code.

    Attributes:
        code: What programs branch on.
        status: HTTP status, "field" for the code of one wrong field or parameter, or "job" for
            why a job failed.
        titles, details: Text per language; details may name facts in braces.
    """

    code: str
    status: str
    titles: Mapping[str, str]
    details: Mapping[str, str]

    def title(self, language: str) -> str:
        """Return the short name of the state of affairs."""
        return self.titles[language]

    def detail(self, language: str, facts: Mapping[str, Any]) -> str:
        """Return what happened and what to do next, with the facts of this case."""
        text = _Lenient(language).vformat(self.details[language], (), facts)
        near = facts.get("did_you_mean")
        return text + _SUGGESTION[language].format(name=near) if near else text


class _Lenient(string.Formatter):
    """Fills in facts; a fact that a peer left out must not break the answer."""

    def __init__(self, language: str) -> None:
        self.language = language

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        value = kwargs.get(key)
        if isinstance(value, (list, tuple)):
            return _JOINT[self.language].join(str(item) for item in value)
        if isinstance(value, Mapping) and {"amount", "currency"} == set(value):
            return f"{value['amount']} {value['currency']}"
        return "?" if value is None else value


@cache
def catalogue() -> dict[str, Entry]:
    """Return every entry by code."""
    raw = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {
        code: Entry(
            code=code,
            status=str(facts["status"]),
            titles={"en": facts["en"][0], "zh": facts["zh"][0]},
            details={"en": facts["en"][1], "zh": facts["zh"][1]},
        )
        for code, facts in raw.items()
    }


def entry(code: str) -> Entry:
    """Return the entry of a code; a code that is not listed reads as itself.

    A peer of a newer version may send one; the caller still gets its code.
    """
    known = catalogue().get(code)
    if known:
        return known
    plain = {language: code.replace("_", " ") for language in ("en", "zh")}
    return Entry(code, "409", plain, plain)


def page(code: str) -> str | None:
    """Return the HTML page behind a problem's `type`, or None for an unknown code."""
    known = catalogue().get(code)
    if known is None:
        return None
    blocks = "".join(
        f'<section lang="{language}"><h2>{escape(known.titles[language])}</h2>'
        f"<p>{escape(known.details[language])}</p></section>"
        for language in ("en", "zh")
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(code)}</title><h1><code>{escape(code)}</code></h1>"
        f"<p>HTTP {escape(known.status)}</p>{blocks}</html>"
    )


def document() -> str:
    """Return docs/errors.md."""
    lines = [
        "# Errors",
        "",
        "Generated from `gateway/errors.yaml` by `python -m gateway.http.catalogue`.",
        "",
        "Every refusal is `application/problem+json`: `type title status detail instance code"
        " errors request_id trace_id`.",
        "Branch on `code`; `title` and `detail` follow `Accept-Language` (en, zh).",
        "Codes of status *field* stand in `errors[]`, each with a pointer such as `#/phone` or"
        " `query:limit`; those of status *job* in the `error` of a job that failed.",
        "",
        "| code | status | English | 中文 |",
        "|---|---|---|---|",
    ]
    for known in sorted(catalogue().values(), key=lambda item: (item.status, item.code)):
        texts = [
            f"**{known.titles[language]}** {known.details[language]}".replace("|", "\\|")
            for language in ("en", "zh")
        ]
        lines.append(f"| `{known.code}` | {known.status} | {texts[0]} | {texts[1]} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    _DOCUMENT.write_text(document(), encoding="utf-8")
    sys.stdout.write(f"{len(catalogue())} codes\n")
