"""Render and check: `python -m lints.manifests`, or print one overlay: `… FOLDER`."""

import re
import sys
from pathlib import Path

from lints.manifests import rules, schema
from lints.manifests.render import ROOT, Problem, objects, render

K8S = ROOT / "deploy" / "k8s"


def documented_settings() -> frozenset[str]:
    """Return the environment variables that docs/operations.md explains, `<NAME>_…` written out."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    names = set(re.findall(r"`(<?[A-Z][A-Z_<>]+)`", text))
    databases = ("LEADS", "CUSTOMERS", "DEALS", "FINANCE", "GATEWAY")
    return frozenset(name.replace("<NAME>", database) for name in names for database in databases)


def check() -> int:
    """Check base and every overlay; returns how many rules are broken."""
    broken = 0
    settings = documented_settings()
    for folder in (K8S / "base", *sorted((K8S / "overlays").iterdir())):
        rendered = objects(render(folder))
        name = folder.relative_to(ROOT)
        found = [
            *schema.violations(rendered),
            *rules.violations(rendered, base=folder.name == "base", settings=settings),
        ]
        for text in found:
            print(f"{name}: {text}")
        broken += len(found)
        minors = " and ".join(schema.MINORS)
        if not found:
            print(f"{name}: {len(rendered)} objects suit Kubernetes {minors} and the house")
    return broken


def main(arguments: list[str]) -> int:
    """Check everything, or print the folder that is asked for."""
    try:
        if arguments:
            print(render(Path(arguments[0])), end="")
            return 0
        return 1 if check() else 0
    except Problem as problem:
        print(f"✘ {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
