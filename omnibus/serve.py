"""Start one process of the system. Imports nothing heavy: the process patches itself first."""

import os
import sys
from pathlib import Path

ROLES = ("gateway", "gateway-worker", "leads", "customers", "deals", "finance", "relay")


def serve(role: str) -> int:
    """Become the process of a role; returns its exit code when it has ended."""
    if role not in ROLES:
        print(f"There is no role {role}: choose one of {', '.join(ROLES)}.", file=sys.stderr)
        return 2
    if role == "gateway":
        _become_gateway()
    # Late: the chassis must patch the standard library before anything else is imported.
    from chassis.run import main

    return main(role)


def _become_gateway() -> None:
    root = Path(__file__).resolve().parents[1]
    configuration = str(root / "gateway" / "gunicorn_conf.py")
    arguments = ["-m", "gunicorn", "-c", configuration, "gateway.app:create_app()"]
    # gunicorn takes over this process: one id, and signals reach it directly.
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606
