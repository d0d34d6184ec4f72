"""`python -m bench`: measure a system of its own, print the figures, keep them.

python -m bench                       everything, on the full data set (a few minutes)
python -m bench --size small          a quick look
python -m bench --only view event     some parts: echo view create import event
"""

import argparse
import json
import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import effects, figures, reads, writes
from bench.cpu import calibrate
from bench.system import System, running
from omnibus.local.house import ROOT, default_home
from omnibus.sample.bulk import SIZES

PARTS = ("echo", "event", "view", "create", "import")
_IDLE_SECONDS = 5.0


def main() -> None:
    """Measure, print, keep."""
    options = _options()
    results: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "size": options.size,
        "cores": os.cpu_count(),
    }
    with running(options.size) as system:
        results["calibration_cpu_ms"] = calibrate()
        _measure(system, options.only, results)
    print()
    print(figures.show(results))
    home = default_home()
    _keep(home / "bench.json", results)
    with (home / "bench-history.jsonl").open("a", encoding="utf-8") as history:
        history.write(json.dumps(results, ensure_ascii=False) + "\n")
    print(f"\nWritten to {home / 'bench.json'}; every run is kept in bench-history.jsonl there.")


def _measure(system: System, parts: list[str], results: dict[str, Any]) -> None:
    # Settle first: caches of statements, connections, the vacuum after the filling.
    time.sleep(2.0)
    results["idle_cpu_percent_by_role"] = _idle(system)
    if "event" in parts:
        _say("events")
        results["event"] = effects.measure(system)
    if "view" in parts:
        _say("360 reads")
        results["view_uncached"] = reads.uncached(system)
        results["view_cached"] = reads.cached(system)
    if "create" in parts:
        _say("creating leads")
        results["create_lead"] = writes.create_lead(system)
    if "import" in parts:
        _say("importing leads")
        results["import"] = writes.import_leads(system)
    if "echo" in parts:
        from bench import echo

        _say("RPC echo")
        results |= echo.measure()


def _idle(system: System) -> dict[str, float]:
    """Return what the system uses while nobody asks anything, in percent of one core."""
    meter = system.meter()
    meter.start()
    time.sleep(_IDLE_SECONDS)
    usage = meter.stop()
    return {role: round(100 * value / _IDLE_SECONDS, 1) for role, value in usage.items()}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--size", choices=tuple(SIZES), default="full")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    return parser.parse_args()


def _say(what: str) -> None:
    print(f"  measuring {what}", flush=True)


def _keep(path: Path, results: dict[str, Any]) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(path)


def _commit() -> str | None:
    """Return the short name of the commit that is measured, if this is a checkout."""
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or None


if __name__ == "__main__":
    main()
