"""Imported rows: which become leads, which are there already, which are no leads. Source: L16."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, ...]
"""What makes two leads the same: first its kind, then the values that must be equal."""


@dataclass(frozen=True)
class Draft:
    """One row, read.

    Attributes:
        row: Its number in the file.
        errors: Why it is no lead; empty if it may be one.
        keys: In the order in which they are compared.
    """

    row: int
    facts: Mapping[str, Any]
    errors: Sequence[Mapping[str, Any]] = ()
    keys: Sequence[Key] = ()


@dataclass(frozen=True)
class Known:
    """A lead that exists; its id is told only to who may see it."""

    lead_id: str | None


@dataclass(frozen=True)
class Earlier:
    """A row of the same file that was created by an earlier chunk; no lead in a dry run."""

    row: int
    lead_id: str | None = None


@dataclass
class Verdict:
    """What happens to one row: `created`, `duplicate` or `invalid`.

    Attributes:
        matched: Kind of the key by which a duplicate was recognised.
        of_row: The row of the same file that a duplicate repeats.
    """

    row: int
    verdict: str
    lead_id: str | None = None
    errors: Sequence[Mapping[str, Any]] = field(default=())
    matched: str | None = None
    of_row: int | None = None

    def answer(self) -> dict[str, Any]:
        """Return the verdict without what it does not have."""
        answer: dict[str, Any] = {"row": self.row, "verdict": self.verdict}
        if self.lead_id:
            answer["lead_id"] = self.lead_id
        if self.errors:
            answer["errors"] = list(self.errors)
        if self.matched:
            answer["matched"] = self.matched
        if self.of_row is not None:
            answer["of_row"] = self.of_row
        return answer


def judge(
    drafts: Sequence[Draft], known: Mapping[Key, Known], earlier: Mapping[Key, Earlier]
) -> list[Verdict]:
    """Return a verdict per row, in order; the first of equal rows is created.

    Args:
        known: Keys of the leads that existed before this file.
        earlier: Keys of the rows that earlier chunks of this file created.
    """
    verdicts = []
    first = dict(earlier)
    for draft in drafts:
        if draft.errors:
            verdicts.append(Verdict(draft.row, "invalid", errors=draft.errors))
            continue
        verdicts.append(_compare(draft, known, first))
        if verdicts[-1].verdict == "created":
            first.update((key, Earlier(draft.row)) for key in draft.keys)
    return verdicts


def _compare(draft: Draft, known: Mapping[Key, Known], first: Mapping[Key, Earlier]) -> Verdict:
    for key in draft.keys:
        if key in known:
            return Verdict(draft.row, "duplicate", lead_id=known[key].lead_id, matched=key[0])
    for key in draft.keys:
        if key in first:
            same = first[key]
            return Verdict(
                draft.row, "duplicate", lead_id=same.lead_id, matched=key[0], of_row=same.row
            )
    return Verdict(draft.row, "created")
