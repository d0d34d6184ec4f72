"""The figures that the house is held to, and how they are shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Results = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        part: Which measurement it comes from.
        reach: Such as `>= 0.75`; told to the reader and checked.
    """

    name: str
    part: str
    key: str
    sign: str
    limit: float
    unit: str = ""

    def value(self, results: Results) -> float | None:
        """Return what was measured; None if this part was left out."""
        part = results.get(self.part)
        return None if part is None else float(part[self.key])

    def reached(self, value: float) -> bool:
        """Return whether a value is good enough."""
        return value >= self.limit if self.sign == "≥" else value <= self.limit


FIGURES: Sequence[Figure] = (
    Figure("RPC echo ÷ raw pika, 1 in flight", "rpc_echo_1", "ratio", "≥", 0.75),
    Figure("RPC echo ÷ raw pika, 32 in flight", "rpc_echo_32", "ratio", "≥", 0.85),
    Figure("360 read, cache off", "view_uncached", "cpu_ms", "≤", 15, "CPU ms"),
    Figure("360 read, cache off: p99 ÷ p50", "view_uncached", "p99_to_p50", "≤", 5),
    Figure("360 read, cached", "view_cached", "cpu_ms", "≤", 1, "CPU ms"),
    Figure("360 read, cached ÷ hello-world", "view_cached", "to_hello", "≥", 0.4),
    Figure("Create one lead", "create_lead", "cpu_ms", "≤", 8, "CPU ms"),
    Figure("Import 10,000 leads", "import", "rows_per_second", "≥", 3000, "rows/s"),
    Figure("Event: commit → effect, p50", "event", "p50_ms", "≤", 10, "ms"),
    Figure("Event: commit → effect, p99", "event", "p99_ms", "≤", 50, "ms"),
)

_QUIET = 0.2
"""So many cores may be busy elsewhere without a word about it."""

_SHOWN: Sequence[tuple[str, str, Callable[[Mapping[str, Any]], str]]] = (
    ("view_uncached", "360 read, cache off", lambda part: f"{part['per_second']} reads/s, p50"
     f" {part['p50_ms']} ms, p99 {part['p99_ms']} ms at 8 connections"),
    ("view_cached", "360 read, cached", lambda part: f"{part['per_second']} reads/s, hello-world"
     f" {part['hello_per_second']}/s at {part['hello_cpu_ms']} CPU ms"),
    ("create_lead", "Create one lead", lambda part: f"{part['per_second']} leads/s, p50"
     f" {part['p50_ms']} ms, p99 {part['p99_ms']} ms at 8 connections"),
    ("import", "Import", lambda part: f"{part['seconds']} s, {part['cpu_ms_per_row']} CPU ms a"
     " row"),
)  # fmt: skip


def show(results: Results) -> str:
    """Return the table of figures and where the CPU time goes."""
    lines = [f"{'figure':<38}{'measured':>16}   {'reach':<16} reached", "-" * 82]
    for figure in FIGURES:
        value = figure.value(results)
        if value is None:
            continue
        measured = f"{value:g} {figure.unit}".strip()
        reach = f"{figure.sign} {figure.limit:g} {figure.unit}".strip()
        verdict = "yes" if figure.reached(value) else "NO"
        lines.append(f"{figure.name:<38}{measured:>16}   {reach:<16} {verdict}")
    for part, title, describe in _SHOWN:
        if part not in results:
            continue
        found = results[part]
        lines += ["", f"{title}: {describe(found)}"]
        roles = found.get("cpu_ms_by_role") or found.get("cpu_seconds_by_role") or {}
        unit = "CPU ms each" if "cpu_ms_by_role" in found else "CPU s in all"
        told = ", ".join(f"{role} {value:g}" for role, value in roles.items() if value >= 0.005)
        lines.append(f"  {unit}: {told}")
        if found["foreign_cores"] > _QUIET:
            lines.append(
                f"  Others used {found['foreign_cores']:g} cores meanwhile: times are too long."
            )
    return "\n".join(lines)


def all_reached(results: Results) -> bool:
    """Return whether every figure that was measured is reached."""
    values = [(figure, figure.value(results)) for figure in FIGURES]
    return all(figure.reached(value) for figure, value in values if value is not None)
