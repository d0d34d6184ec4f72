from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from omnibus import migrate
from omnibus.local.house import House
from omnibus.problem import Problem

ENVIRONMENT = """
from sqlalchemy import MetaData

from chassis.migrations import run

run(MetaData())
"""


@pytest.fixture
def migrations(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The migrations of `leads` in a checkout that has no other."""
    folder = tmp_path / "services/leads/migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENVIRONMENT, encoding="utf-8")
    monkeypatch.setattr(migrate, "ROOT", tmp_path)
    house.start_infrastructure()
    yield folder
    house.postgres.drop_databases()
    house.postgres.prepare_databases()


def add(folder: Path, revision: str, statement: str, after: str | None = None) -> None:
    (folder / "versions" / f"{revision}.py").write_text(
        "import time\n"
        "from alembic import op\n"
        f"revision, down_revision = {revision!r}, {after!r}\n"
        "def upgrade():\n"
        "    time.sleep(0.3)\n"
        f"    op.execute({statement!r})\n",
        encoding="utf-8",
    )


def test_the_owner_migrates_and_the_application_may_use_what_was_made(
    house: House, migrations: Path
) -> None:
    add(migrations, "0001", "CREATE TABLE one (id int PRIMARY KEY)")

    revision = migrate.upgrade("leads", house.postgres.url("leads", "owner"))

    assert revision == migrate.newest("leads") == "0001"
    with psycopg.connect(house.postgres.url("leads").replace("+psycopg", "")) as application:
        application.execute("INSERT INTO one VALUES (1)")
        found = application.execute("SELECT version_num FROM alembic_version").fetchone()
    assert found == ("0001",)


def test_two_migrations_at_once_apply_everything_once(house: House, migrations: Path) -> None:
    # Without the lock the second would find the table made between its look and its act.
    add(migrations, "0001", "CREATE TABLE one (id int PRIMARY KEY)")
    run = "import sys; from omnibus import migrate; from pathlib import Path;"
    run += f" migrate.ROOT = Path({str(migrations.parents[2])!r});"
    run += " print(migrate.upgrade('leads', sys.argv[1]))"

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: in_a_process(run, house), range(2)))

    assert answers == ["0001", "0001"]


def test_a_failing_migration_undoes_itself_and_keeps_those_before_it(
    house: House, migrations: Path
) -> None:
    add(migrations, "0001", "CREATE TABLE one (id int PRIMARY KEY)")
    add(migrations, "0002", "CREATE TABLE two (id int); SELECT no_such_column", after="0001")

    with pytest.raises(Problem, match=r"A migration of leads failed .*no_such_column"):
        migrate.upgrade("leads", house.postgres.url("leads", "owner"))

    with psycopg.connect(house.postgres.url("leads").replace("+psycopg", "")) as application:
        rows = application.execute("SELECT to_regclass('one'), to_regclass('two')").fetchone()
        version = application.execute("SELECT version_num FROM alembic_version").fetchone()
    assert rows == ("one", None)
    assert version == ("0001",)


def test_a_migration_gives_up_behind_a_long_transaction(
    house: House, migrations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "200ms")
    owner = house.postgres.url("leads", "owner")
    add(migrations, "0001", "CREATE TABLE one (id int PRIMARY KEY)")
    migrate.upgrade("leads", owner)
    add(migrations, "0002", "ALTER TABLE one ADD COLUMN word text", after="0001")

    with psycopg.connect(house.postgres.url("leads").replace("+psycopg", "")) as reader:
        reader.execute("SELECT * FROM one")
        with pytest.raises(Problem, match="no long transaction"):
            migrate.upgrade("leads", owner)

    assert migrate.upgrade("leads", owner) == "0002"


def test_an_unreachable_database_is_told_in_one_sentence(migrations: Path) -> None:
    with pytest.raises(Problem, match="The leads database could not be migrated"):
        migrate.upgrade("leads", "postgresql+psycopg://leads_owner@127.0.0.1:1/leads")


def in_a_process(program: str, house: House) -> str:
    import subprocess
    import sys

    url = house.postgres.url("leads", "owner")
    done = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
