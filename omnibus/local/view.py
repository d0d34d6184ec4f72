"""Show one customer's 360 view in a terminal."""

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
COLOURS = {"fresh": "green", "stale": "yellow", "unavailable": "red", "hidden": "dim"}
# Columns a reader of the terminal can do without, so that the telling ones fit.
DULL = ("id", "version", "created_at", "created_by", "updated_at", "updated_by", "external_ids")


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
        blocks += [heading, _content(section.get("data")), Text()]
    title = f"Customer 360 客户全景 · {view.get('customer_id', '')}"
    console.print(Panel(Group(*blocks), title=title, subtitle=str(view.get("as_of", ""))))


def _content(data: Any) -> RenderableType:
    if isinstance(data, Mapping):
        lists = {key: value for key, value in data.items() if _is_rows(value)}
        facts = {key: value for key, value in data.items() if key not in lists and key not in DULL}
        parts: list[RenderableType] = [_facts(facts)] if facts else []
        for key, rows in lists.items():
            parts += [Text(f"  {key}", style="italic")] if len(lists) > 1 else []
            parts.append(_rows(rows))
        return Group(*parts) if parts else Text("  —", style="dim")
    if _is_rows(data):
        return _rows(data)
    return Text(f"  {_cell(data)}", style="dim")


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _facts(facts: Mapping[str, Any]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", min_width=18)
    grid.add_column(overflow="fold")
    for key, value in facts.items():
        if value not in (None, "", [], {}):
            grid.add_row(f"  {key}", _cell(value))
    return grid


def _rows(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    filled = [key for key in rows[0] if key not in DULL and any(row.get(key) for row in rows)]
    # Names and amounts tell more than the ids of other records.
    columns = sorted(filled, key=lambda key: key.endswith("_id"))[:COLUMNS]
    table = Table(box=None, padding=(0, 2), header_style="cyan")
    for column in columns:
        table.add_column(column, overflow="ellipsis", max_width=34, no_wrap=True)
    for row in rows[:ROWS]:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    if len(rows) <= ROWS:
        return table
    return Group(table, Text(f"  … and {len(rows) - ROWS} more 还有 {len(rows) - ROWS} 条", "dim"))


def _cell(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "—"
    if isinstance(value, Mapping):
        if set(value) == {"amount", "currency"}:
            return f"{value['amount']} {value['currency']}"
        if "name" in value:
            return str(value["name"])
        return ", ".join(f"{key} {_cell(entry)}" for key, entry in value.items())
    if isinstance(value, list):
        return ", ".join(_cell(entry) for entry in value)
    return str(value)
