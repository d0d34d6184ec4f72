"""The system user under whom servers run when the house is started by root.

PostgreSQL refuses to run as root, and a broker should not. The user owns its data folders and can
read nothing else; it must be able to walk to them, and to the PostgreSQL inside the virtual
environment.
"""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from omnibus.problem import Problem

NAME = "omnibus-local"


def needed() -> str | None:
    """Return the name of the user servers run under; None: the one who started us."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(NAME)
    except KeyError:
        _make()
    return NAME


def _make() -> None:
    command = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if command is None:
        raise Problem(
            "PostgreSQL does not run as root and `useradd` is missing here: run as another user."
        )
    # Two checkouts may get here together: 9 says that the name exists by now.
    made = subprocess.run(
        [command, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode not in (0, 9):
        raise Problem(
            f"The system user {NAME} could not be made ({made.stderr.strip()}):"
            " run as another user than root."
        )


def identity(user: str | None) -> dict[str, Any]:
    """Return the arguments that make `subprocess` run a program as the user."""
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def give(folder: Path, user: str | None) -> None:
    """Make a folder that only its server can read."""
    folder.mkdir(parents=True, exist_ok=True)
    hand_over(folder, user)
    folder.chmod(0o700)


def hand_over(path: Path, user: str | None) -> None:
    """Make the user the owner of a file or folder."""
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def open_way(target: Path, user: str | None, notify: Callable[[str], None]) -> None:
    """Let the user walk to `target`: folders on the way get the right to be passed through.

    Only the execute bit is added, never the right to list or to read, and it is said aloud.
    """
    if user is None:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    for folder in reversed(target.resolve().parents):
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode & stat.S_IXOTH:
            continue
        try:
            folder.chmod(mode | stat.S_IXOTH)
        except OSError as error:
            raise Problem(
                f"The user {user} can not pass through {folder} ({error.strerror}):"
                " move the checkout, or run as another user than root."
            ) from None
        notify(f"{folder} can now be passed through (not listed) by the user {user}")
