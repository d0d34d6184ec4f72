"""Find the RabbitMQ of this machine, or install it where that is possible."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from omnibus.problem import Problem

# Debian's command on the PATH is a wrapper that refuses everybody but root and rabbitmq.
SCRIPTS = (
    Path("/usr/lib/rabbitmq/bin/rabbitmq-server"),
    Path("/opt/rabbitmq/sbin/rabbitmq-server"),
    Path("/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server"),
)
POLICY = Path("/usr/sbin/policy-rc.d")
MISSING = (
    "RabbitMQ is missing: set AMQP_URL to a broker you may use, or install the package"
    " rabbitmq-server (as root on Debian or Ubuntu this command does it by itself)."
)


def find() -> Path | None:
    """Return the start script of an installed RabbitMQ, or None."""
    for script in SCRIPTS:
        if script.exists():
            return script
    found = shutil.which("rabbitmq-server")
    return Path(found) if found else None


def find_or_install(notify: Callable[[str], None]) -> Path:
    """Return the start script; install the package first when root on Debian or Ubuntu.

    Raises:
        Problem: There is no RabbitMQ and it can not be installed from here.
    """
    script = find()
    if script is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise Problem(MISSING)
        notify("installing the package rabbitmq-server")
        _install()
        script = find()
    if script is None:
        raise Problem(MISSING)
    return script


def _install() -> None:
    with _no_service_starts():
        # The lists may be old or empty: a failing update alone is no reason to give up.
        _apt("update", "-qq")
        failed = _apt("install", "-y", "-qq", "--no-install-recommends", "rabbitmq-server")
    if failed is not None:
        raise Problem(
            f"The package rabbitmq-server could not be installed ({failed}): install it by hand,"
            " or set AMQP_URL to a broker you may use."
        )
    if Path("/run/systemd/system").exists():
        # It would start with the machine, on the standard port, which nobody asked for.
        for unit in ("rabbitmq-server.service", "epmd.service", "epmd.socket"):
            subprocess.run(
                ["systemctl", "disable", "--now", unit], capture_output=True, check=False
            )


def _apt(*arguments: str) -> str | None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    done = subprocess.run(
        ["apt-get", "-o", "DPkg::Lock::Timeout=300", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode == 0:
        return None
    errors = [line for line in done.stderr.splitlines() if line.startswith("E:")]
    return " ".join(errors) or f"apt-get ended with {done.returncode}"


@contextlib.contextmanager
def _no_service_starts() -> Iterator[None]:
    # The packaging asks this script before it starts a service; 101 forbids it. An existing policy
    # of the machine is left alone: the unit is switched off afterwards in any case.
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)
