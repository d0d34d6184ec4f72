"""Show one customer's 360 view in a terminal."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

# A terminal has room for so many columns and rows; the rest is counted, not hidden.
COLUMNS = 6
ROWS = 5
TITLES = {
    "profile": "Profile 客户资料",
    "contacts": "Contacts 联系人",
    "hierarchy": "Hierarchy 上下级",
    "activities": "Activities 跟进",
    "cases": "Cases 服务工单",
    "value": "Value 客户价值",
    "leads": "Leads 线索",
    "opportunities": "Opportunities 商机",
    "contracts": "Contracts 合同",
    "deliveries": "Deliveries 交付",
    "receivables": "Receivables 应收",
    "receipts": "Receipts 回款",
    "refunds": "Refunds 退款",
    "invoices": "Invoices 发票",
    "timeline": "Timeline 时间线",
}
# What tells a reader most; a section that is not here shows the first fields that have a value.
TELLING = {
    "contacts": ("name", "job_title", "role", "phone", "email"),
    "activities": ("occurred_at", "kind", "body"),
    "leads": ("title", "name", "status", "source_channel", "converted_at"),
    "opportunities": ("number", "name", "stage", "status", "amount", "expected_close_on"),
    "contracts": ("number", "title", "status", "total", "ends_on"),
    "receivables": ("number", "name", "due_on", "amount", "open", "status"),
    "receipts": ("number", "received_on", "method", "amount", "unapplied"),
    "refunds": ("number", "amount", "reason_code", "status"),
    "timeline": ("time", "type", "actor_name", "summary"),
}
COLOURS = {"fresh": "green", "stale": "yellow", "unavailable": "red", "hidden": "dim"}
# Facts that programs need and readers do not.
DULL = re.compile(
    r"(^|_)(id|ids|version|seq|e164|by)$|^(created|updated)_at$|^has_more$|^phone_e164$"
)
INSTANT = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(\.\d+)?(Z|\+00:00)$")


def show(view: Mapping[str, Any], console: Console) -> None:
    """Print the answer of `GET /v1/customers/{id}/360`."""
    sections: Mapping[str, Mapping[str, Any]] = view.get("sections", {})
    order = [name for name in TITLES if name in sections]
    order += [name for name in sections if name not in TITLES]
    blocks: list[RenderableType] = []
    for name in order:
        section = sections[name]
        status = str(section.get("status", "?"))
        heading = Text(TITLES.get(name, name), style="bold")
        heading.append(f"  {status}", style=COLOURS.get(status, ""))
        blocks += [heading, _content(section.get("data"), TELLING.get(name, ())), Text()]
    title = f"Customer 360 客户全景 · {view.get('customer_id', '')}"
    subtitle = f"{_cell(view.get('as_of'))} UTC"
    panel = Panel(Group(*blocks), title=title, subtitle=subtitle)
    console.print(panel)


def _content(data: Any, telling: Sequence[str]) -> RenderableType:
    if isinstance(data, list):
        data = {"items": data}
    if not isinstance(data, Mapping):
        return Text(f"  {_cell(data)}", style="dim")
    facts = {key: value for key, value in data.items() if not _is_rows(value)}
    parts: list[RenderableType] = [_facts(facts)] if any(facts.values()) else []
    parts += [_rows(value, telling) for value in data.values() if _is_rows(value)]
    return Group(*parts) if parts else Text("  —", style="dim")


def _is_money(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"amount", "currency"}


def _is_rows(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(row, Mapping) and not _is_money(row) for row in value)
    )


def _facts(facts: Mapping[str, Any]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", min_width=20)
    grid.add_column(overflow="fold")
    for key, value in facts.items():
        if value not in (None, "", [], {}) and not DULL.search(key):
            grid.add_row(f"  {key}", _cell(value))
    return grid


def _rows(rows: Sequence[Mapping[str, Any]], telling: Sequence[str]) -> RenderableType:
    filled = [key for key in rows[0] if any(row.get(key) not in (None, "", []) for row in rows)]
    columns = [key for key in telling if key in filled]
    if not columns:
        columns = [key for key in filled if not DULL.search(key)][:COLUMNS]
    table = Table(box=None, padding=(0, 0, 0, 2), header_style="cyan")
    for column in columns:
        table.add_column(column, overflow="ellipsis", max_width=44, no_wrap=True)
    for row in rows[:ROWS]:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    if len(rows) <= ROWS:
        return table
    left = len(rows) - ROWS
    return Group(table, Text(f"  … and {left} more 还有 {left} 条", "dim"))


def _cell(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "—"
    if isinstance(value, bool):
        return "yes 是" if value else "no 否"
    if _is_money(value):
        return f"{value['amount']} {value['currency']}"
    if isinstance(value, Mapping):
        return _phrase(value)
    if isinstance(value, list):
        return ", ".join(_cell(entry) for entry in value)
    if instant := INSTANT.match(str(value)):
        return f"{instant[1]} {instant[2]}"
    return str(value)


def _phrase(value: Mapping[str, Any]) -> str:
    """Return a nested record on one line: its values if they speak, else names and values."""
    counted = {
        key: entry
        for key, entry in value.items()
        if isinstance(entry, Mapping) and set(entry) == {"count", "amounts"}
    }
    if counted:
        # Amounts by status: those that are none say nothing.
        return ", ".join(
            f"{key} {entry['count']} ({_cell(entry['amounts'])})"
            for key, entry in counted.items()
            if entry["count"]
        )
    return " · ".join(
        _cell(entry) for key, entry in value.items() if entry and not DULL.search(key)
    )
