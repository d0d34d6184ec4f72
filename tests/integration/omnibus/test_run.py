"""`omnibus run` where services do nothing: this is about who starts and stops them."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from omnibus.local.house import ROOT

PATIENCE = 90.0
CUSTOMER = "01990000-0000-7000-8000-000000000001"
MIGRATION = """
from alembic import op

revision, down_revision = "0001", None


def upgrade():
    op.execute("CREATE TABLE one (id int PRIMARY KEY)")
"""
FILES = {
    "chassis/__init__.py": "",
    "chassis/run.py": """
import http.server, os, signal, sys

class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words):
        pass

def main(role):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    address = ("127.0.0.1", int(os.environ["HEALTH_PORT"]))
    http.server.ThreadingHTTPServer(address, Healthy).serve_forever()
""",
    "gateway/__init__.py": "",
    "gateway/gunicorn_conf.py": """
import os, threading

bind = os.environ["GATEWAY_BIND"]
control_socket_disable = True

def when_ready(server):
    from chassis import run

    address = ("127.0.0.1", int(os.environ["HEALTH_PORT"]))
    health = run.http.server.ThreadingHTTPServer(address, run.Healthy)
    threading.Thread(target=health.serve_forever, daemon=True).start()
""",
    "gateway/app.py": """
import json

def create_app():
    def app(environ, start):
        start("200 OK", [("Content-Type", "application/json")])
        name = environ["HTTP_AUTHORIZATION"]
        sections = {"profile": {"status": "fresh", "data": {"name": name}}}
        return [json.dumps({"sections": sections}).encode()]
    return app
""",
    "gateway/identity.py": """
import psycopg

def bootstrap_admin(url):
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        insert = "INSERT INTO one VALUES (1) ON CONFLICT DO NOTHING RETURNING id"
        return "the admin's key" if connection.execute(insert).fetchone() else None
""",
    "omnibus/topology.py": "def declare(url): return 0",
    "omnibus/sample/__init__.py": f"""
from types import SimpleNamespace

def seed(api_url, admin_key, size="small", progress=None):
    progress(3, 3, "leads")
    return SimpleNamespace(sample_customer_id="{CUSTOMER}")
""",
}


class Checkout:
    """A copy of the command line with a small system, run as a person would."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.summary = root / ".local/omnibus.json"
        self.running: subprocess.Popen[str] | None = None

    def start(self, command: str = "run", **variables: str) -> subprocess.Popen[str]:
        # Nothing of the house that may run these tests: not its servers, not its folder.
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return subprocess.Popen(
            [sys.executable, "-m", "omnibus", command],
            cwd=self.root,
            env={**kept, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def up(self) -> subprocess.Popen[str]:
        running = self.running = self.start()
        deadline = time.monotonic() + PATIENCE
        while not self.summary.exists():
            assert running.poll() is None, running.communicate()[0]
            assert time.monotonic() < deadline, "it did not come up"
            time.sleep(0.1)
        return running

    def read(self) -> dict[str, Any]:
        return dict(json.loads(self.summary.read_text(encoding="utf-8")))

    def reset(self) -> int:
        command = self.start("reset")
        command.communicate(timeout=PATIENCE)
        return command.returncode


@pytest.fixture
def checkout(folder: Path, remains: Callable[[Path], list[str]]) -> Iterator[Checkout]:
    root = folder / "checkout"
    shutil.copytree(ROOT / "omnibus", root / "omnibus", ignore=shutil.ignore_patterns("sample"))
    (root / "omnibus/dead_letters.py").unlink(missing_ok=True)
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "chassis/migrations.py", root / "chassis")
    for owner in (
        "gateway",
        *(f"services/{n}" for n in ("leads", "customers", "deals", "finance")),
    ):
        versions = root / owner / "migrations/versions"
        versions.mkdir(parents=True)
        (versions / "0001.py").write_text(MIGRATION, encoding="utf-8")
        env = "from chassis.migrations import run\nfrom sqlalchemy import MetaData\nrun(MetaData())"
        (versions.parent / "env.py").write_text(env, encoding="utf-8")
    checkout = Checkout(root)
    yield checkout
    if checkout.running and checkout.running.poll() is None:
        finished(checkout.running, signal.SIGTERM)
    left = remains(root)
    checkout.reset()
    assert left == []


def finished(running: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    running.send_signal(number)
    output, _ = running.communicate(timeout=PATIENCE)
    return running.returncode, output


def test_it_runs_heals_stops_and_comes_back_with_its_data(
    checkout: Checkout, remains: Callable[[Path], list[str]]
) -> None:
    running = checkout.up()
    summary = checkout.read()

    # Tools find their way, and nobody else reads the key.
    assert stat.S_IMODE(checkout.summary.stat().st_mode) == 0o600
    assert summary["api"].startswith("http://127.0.0.1:")
    assert summary["docs"].startswith(summary["api"])
    assert summary["admin_api_key"] == "the admin's key"
    assert summary["sample_customer_id"] == CUSTOMER
    assert set(summary["metrics_by_role"]) <= set(summary["pids"])

    # A second run and a reset keep their hands off.
    second = checkout.start()
    assert "running already" in second.communicate(timeout=PATIENCE)[0]
    assert second.returncode == 1
    assert checkout.reset() == 1

    # What is killed comes back by itself, and the summary tells the new ids.
    for role in ("postgres", "leads"):
        os.kill(summary["pids"][role][0], signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while any(
        checkout.read()["pids"].get(role, summary["pids"][role]) == summary["pids"][role]
        for role in ("postgres", "leads")
    ):
        if time.monotonic() > deadline:
            pytest.fail(f"It did not heal: {finished(running, signal.SIGTERM)[1]}")
        time.sleep(0.2)

    code, output = finished(running, signal.SIGTERM)
    assert code == 0, output
    assert "Bearer the admin's key" in output, "the 360 view was not shown"
    assert remains(checkout.root) == []

    # The administrator is in the database, the key in the remembered state.
    running = checkout.up()
    again = checkout.read()
    assert {key: again[key] for key in ("api", "admin_api_key", "sample_customer_id")} == {
        key: summary[key] for key in ("api", "admin_api_key", "sample_customer_id")
    }
    code, output = finished(running, signal.SIGINT)
    assert code == 0, output
    assert "Sample data" not in output

    assert checkout.reset() == 0
    assert not (checkout.root / ".local").exists()


def test_a_failing_migration_is_one_sentence_and_nothing_stays(checkout: Checkout) -> None:
    bad = MIGRATION.replace("CREATE TABLE", "CREATE TABEL")
    version = checkout.root / "services/deals/migrations/versions/0001.py"
    version.write_text(bad, encoding="utf-8")

    running = checkout.start()
    output, _ = running.communicate(timeout=PATIENCE)

    assert running.returncode == 1
    assert "Traceback" not in output
    assert output.splitlines()[-1].startswith("✘ A migration of deals failed")


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"AMQP_URL": "amqp://u:secret@127.0.0.1:1/v"}, "nobody answers at 127.0.0.1:1"),
        ({"LEADS_DATABASE_URL": "postgresql://x/y"}, "give all five, or none"),
        ({"PORT": "99999"}, "give PORT=8080"),
    ],
    ids=["no broker", "one database of five", "a port that is none"],
)
def test_what_is_wrong_is_told_in_one_sentence(
    checkout: Checkout, variables: dict[str, str], sentence: str
) -> None:
    running = checkout.start(**variables)
    output, _ = running.communicate(timeout=PATIENCE)

    assert running.returncode == 1
    assert "Traceback" not in output
    assert "secret" not in output
    assert sentence in output.splitlines()[-1]
