"""Run a command with a database server and a broker of its own: how `make test` runs pytest."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from omnibus.local import keys, lock, signals
from omnibus.local.house import ROOT, House
from omnibus.problem import Problem


def run_with(home: Path, command: Sequence[str]) -> int:
    """Start an empty infrastructure, run the command in its environment, stop everything.

    Returns:
        The command's exit code; 130 when a signal ended it.
    """
    with lock.held(home), signals.raised_as_ended():
        house = House(home, notify=print)
        child: subprocess.Popen[bytes] | None = None
        try:
            house.start_prepared(fresh=True)
            environment = {**os.environ, **house.env(), "OMNIBUS_HOME": str(house.home)}
            try:
                child = subprocess.Popen(list(command), env=environment, cwd=ROOT)
            except OSError as error:
                raise Problem(f"{command[0]} can not be run ({error.strerror}).") from None
            return child.wait()
        except signals.Ended:
            return 130
        finally:
            signals.ignore()
            _end(child)
            house.stop()


def keep(home: Path) -> Path:
    """Start an infrastructure that stays after this command; returns a file of export lines."""
    house = House(home, given={}, notify=print)
    house.start_infrastructure()
    keys.prepare(house.home / "keys")
    script = house.home / "env.sh"
    script.touch(mode=0o600)
    lines = [f"export {name}='{value}'\n" for name, value in house.env().items()]
    script.write_text("".join(lines), encoding="utf-8")
    return script


def _end(child: subprocess.Popen[bytes] | None) -> None:
    if child is None or child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(30)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
