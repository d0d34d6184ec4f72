"""Every import contract holds, and breaks when somebody walks through the wall."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HOUSE = ("chassis", "schemas", "services", "gateway", "omnibus")

PLANTED = {
    "the chassis imports the published language": ("chassis/planted.py", "import schemas"),
    "the published language imports a service": ("schemas/planted.py", "import services.leads"),
    "the gateway imports a service": ("gateway/planted_floor.py", "import services.leads"),
    "a service imports the gateway": ("services/deals/domain/planted_floor.py", "import gateway"),
    "a service imports another service": (
        "services/leads/use_cases/planted_flat.py",
        "import services.deals.domain",
    ),
    "the domain imports its persistence": (
        "services/customers/domain/planted_room.py",
        "import services.customers.persistence",
    ),
    "persistence imports a use case": (
        "services/deals/persistence/planted_room.py",
        "import services.deals.use_cases",
    ),
    "the gateway's domain imports its persistence": (
        "gateway/domain/planted_room.py",
        "import gateway.persistence",
    ),
    "the domain throws dice": ("services/finance/domain/planted_dice.py", "import random"),
    "the domain reads a clock": ("services/finance/domain/planted_time.py", "import time"),
    "the domain imports SQLAlchemy": (
        "services/leads/domain/planted_sql.py",
        "import sqlalchemy",
    ),
    "the domain imports marshmallow": ("services/leads/domain/planted_m.py", "import marshmallow"),
    "the domain imports the published language": (
        "services/leads/domain/planted_schemas.py",
        "import schemas",
    ),
    "the domain imports the chassis' database": (
        "services/leads/domain/planted_db.py",
        "import chassis.db",
    ),
    "a use case imports SQLAlchemy": (
        "services/leads/use_cases/planted_sql.py",
        "import sqlalchemy.orm",
    ),
    "a use case imports pika": ("services/leads/use_cases/planted_pika.py", "import pika"),
    "a service imports nameko": ("services/deals/use_cases/planted_rpc.py", "import nameko.rpc"),
    "the HTTP side imports a use case": ("gateway/http/planted.py", "import gateway.use_cases"),
}


def walls(root: Path) -> str:
    """Return what lint-imports says about a tree."""
    run = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout + run.stderr


def copy_of_the_house(target: Path) -> Path:
    """Copy what the contracts speak about."""
    for name in HOUSE:
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", target)
    return target


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What lint-imports says when everything is planted at once."""
    root = copy_of_the_house(tmp_path_factory.mktemp("planted"))
    for path, text in PLANTED.values():
        (root / path).write_text(f"{text}\n")
    (root / "services/leads/stray.py").write_text("")
    money = root / "chassis/money.py"
    money.write_text(f"{money.read_text()}\nimport chassis.clock\n")
    return walls(root)


def test_all_walls_of_the_house_stand() -> None:
    assert " 0 broken" in walls(ROOT)


@pytest.mark.parametrize(("path", "text"), PLANTED.values(), ids=list(PLANTED))
def test_walking_through_a_wall_is_caught(planted: str, path: str, text: str) -> None:
    module = path.removesuffix(".py").replace("/", ".")
    # What is not ours is named by its top-level package.
    imported = text.removeprefix("import ")
    package = imported.partition(".")[0]

    assert f"{module} -> {imported if package in HOUSE else package} " in planted


def test_a_room_that_is_none_is_caught(planted: str) -> None:
    assert "stray" in planted


def test_an_impure_money_module_is_caught(planted: str) -> None:
    assert "chassis.money is not allowed to import chassis.clock" in planted


def test_every_contract_can_break(planted: str) -> None:
    assert " 0 kept" in planted
