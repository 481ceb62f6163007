"""Look whether an installed package has a published vulnerability: ``python .ci/audit.py`` ends with exit code 1 then.

Where the database cannot be reached, or knows none of the packages, as a mirror may not, nothing was looked up: this is
told in one line, and is no failure.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

COMMAND = ("-m", "pip_audit", "--local", "--skip-editable", "--progress-spinner", "off", "--timeout", "5")


def verdict(report: str) -> tuple[str, int]:
    """What to tell of a report of pip-audit as JSON, empty where there is none, and the exit code."""
    packages = json.loads(report)["dependencies"] if report.strip() else []
    known = [each for each in packages if "vulns" in each]
    if not known:
        return "vulnerabilities: not looked up, since their database cannot be reached from here", 0
    if found := list(_found(known)):
        return "\n".join(found), 1
    return f"vulnerabilities: none of {len(known)} packages has one; {len(packages) - len(known)} are not known", 0


def _found(packages: list[dict[str, Any]]) -> Iterator[str]:
    for package in packages:
        for each in package["vulns"]:
            fixed = ", ".join(each["fix_versions"]) or "no version yet"
            yield f"{package['name']} {package['version']}: {each['id']}, mended in {fixed}: raise its minimum"


def main() -> int:
    """Look, and tell; gives the exit code."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, *COMMAND, "--format", "json"], capture_output=True, text=True, check=False
    )
    text, code = verdict(done.stdout)
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
