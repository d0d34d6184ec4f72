import io
from typing import Any

from rich.console import Console

from omnibus.local import view


def shown(sections: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=120)
    view.show({"customer_id": "0199", "as_of": "2026-03-01", "sections": sections}, console)
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


def test_every_section_says_how_fresh_it_is() -> None:
    text = shown(
        {
            "profile": {"status": "fresh", "data": {"name": "上海云帆科技有限公司"}},
            "receivables": {"status": "unavailable", "data": None},
        }
    )

    assert "上海云帆科技有限公司" in text
    assert "Receivables 应收  unavailable" in text


def test_money_is_shown_with_its_currency() -> None:
    money = {"amount": "12.30", "currency": "CNY"}

    text = shown({"receivables": {"status": "fresh", "data": {"open": money}}})

    assert "12.30 CNY" in text


def test_rows_that_do_not_fit_are_counted() -> None:
    rows = [{"id": str(number), "name": f"Contact {number}"} for number in range(8)]

    text = shown({"contacts": {"status": "fresh", "data": {"items": rows}}})

    assert "Contact 4" in text
    assert "Contact 5" not in text
    assert "and 3 more" in text


def test_a_section_this_program_does_not_know_is_shown_all_the_same() -> None:
    text = shown({"weather": {"status": "fresh", "data": {"sky": "blue"}}})

    assert "blue" in text
