"""The documents keep their size and tell the truth where a program can tell."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from chassis.entrypoints import specs
from chassis.settings import DATABASES
from lints.manifests.__main__ import documented_settings

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DECISIONS = sorted(ROOT.glob("docs/decisions/*.md"))


def lines(path: Path) -> list[str]:
    """Return the lines of a document."""
    return path.read_text(encoding="utf-8").splitlines()


def table_of_services() -> dict[str, tuple[set[str], str]]:
    """Return what README says that each service publishes and listens to."""
    rows = [line.split("|")[1:-1] for line in lines(ROOT / "README.md") if line.startswith("| ")]
    return {
        cells[0].strip(): (set(re.findall(r"`(\w+)`", cells[2])), cells[3])
        for cells in rows
        if len(cells) == 4 and cells[0].strip() in DATABASES
    }


@pytest.mark.parametrize(("name", "most"), [("README.md", 150), ("CONTRIBUTING.md", 200)])
def test_a_document_stays_readable_in_one_go(name: str, most: int) -> None:
    assert len(lines(ROOT / name)) <= most


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8"))
    files = [target for target in targets if "://" not in target]

    assert [target for target in files if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_the_parts_and_the_length_of_one(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")

    assert 20 <= len(text.splitlines()) <= 60
    assert text.startswith(f"# {decision.stem[:4]} ")
    for part in ("\nStatus: ", "\n## Context\n", "\n## Outcome\n", "\n## Consequences\n"):
        assert part in text


def test_the_first_decision_lists_all_others() -> None:
    first = DECISIONS[0].read_text(encoding="utf-8")

    assert [path.name for path in DECISIONS[1:] if f"({path.name})" not in first] == []


@pytest.mark.parametrize("service", DATABASES)
def test_readme_tells_what_a_service_publishes(service: str) -> None:
    published = set(import_module(f"schemas.{service}").EVENTS.types)

    assert table_of_services()[service][0] == published


@pytest.mark.parametrize("service", ["leads", "customers", "deals", "finance"])
def test_readme_tells_what_a_service_listens_to(service: str) -> None:
    module = import_module(f"services.{service}.service")
    heard = {
        (spec.source, spec.event)
        for spec in specs(module.SERVICE).values()
        # Everybody keeps a replica of people; the table says so once, below it.
        if spec.kind == "on_event" and spec.event != "person_changed"
    }

    told = set(re.findall(r"(\w+): `(\w+)`", table_of_services()[service][1]))

    assert told == heard


def test_no_word_stands_twice_in_the_glossary() -> None:
    words = [
        line.split("|")[1].strip()
        for line in lines(ROOT / "docs/glossary.md")
        if line.startswith("| ") and not line.startswith("| English")
    ]

    assert len(words) == len(set(words)) > 50


def test_operations_explains_the_settings_of_every_database() -> None:
    assert {"LEADS_DATABASE_URL", "GATEWAY_MIGRATE_URL", "AMQP_URL"} <= documented_settings()
