"""The compose file runs every role with the settings that the manifests give it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from omnibus.serve import ROLES

FILE = Path(__file__).resolve().parents[3] / "deploy/compose.yaml"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services, anchors resolved."""
    return dict(yaml.safe_load(FILE.read_text())["services"])


def test_every_role_is_served_once(services: dict[str, Any]) -> None:
    served = [
        body["command"][1] for body in services.values() if body.get("command", [])[:1] == ["serve"]
    ]

    assert sorted(served) == sorted(ROLES)


def test_every_role_waits_for_schema_topology_and_keys(services: dict[str, Any]) -> None:
    for role in ROLES:
        assert set(services[role]["depends_on"]) == {"migrate", "topology", "keys"}, role


def test_only_the_migration_knows_the_owners_of_the_schemas(services: dict[str, Any]) -> None:
    knowing = {
        name
        for name, body in services.items()
        if any("_owner:" in str(value) for value in body.get("environment", {}).values())
    }

    assert knowing == {"migrate"}


def test_what_is_ours_runs_on_a_read_only_root_without_capabilities(
    services: dict[str, Any],
) -> None:
    for name, body in services.items():
        if body["image"].startswith("omnibus"):
            assert body["read_only"] is True, name
            assert body["cap_drop"] == ["ALL"], name


def test_files_that_are_mounted_exist(services: dict[str, Any]) -> None:
    mounted = [
        volume.split(":")[0]
        for body in services.values()
        for volume in body.get("volumes", [])
        if volume.startswith("./")
    ]

    assert mounted
    assert [path for path in mounted if not (FILE.parent / path).is_file()] == []
