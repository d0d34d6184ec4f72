"""Run every rule over a checkout: `python -m lints [FOLDER]`."""

import sys
from pathlib import Path

from lints.checkout import read_checkout
from lints.rules import RULES


def main(arguments: list[str]) -> int:
    """Print what every rule finds; returns 1 if it is anything."""
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[1]
    checkout = read_checkout(root)
    findings = sorted(
        {finding for rule in RULES for finding in rule(checkout)},
        key=lambda finding: (finding.path, finding.line, finding.rule),
    )
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.message} [{finding.rule}]")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
