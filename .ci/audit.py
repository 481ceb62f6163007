"""Report published vulnerabilities of the installed packages: ``python .ci/audit.py`` exits with 1 if there is one.

If the database cannot be reached, or knows none of the packages, as a mirror may not, one line says so; this is no
failure.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

COMMAND = ("-m", "pip_audit", "--local", "--skip-editable", "--progress-spinner", "off", "--timeout", "5")


def verdict(report: str) -> tuple[str, int]:
    """Return the message and the exit code for a JSON report of pip-audit, which may be empty."""
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
            yield f"{package['name']} {package['version']}: {each['id']}, fixed in {fixed}: raise its minimum"


def main() -> int:
    """Run pip-audit, print the verdict, and return the exit code."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, *COMMAND, "--format", "json"], capture_output=True, text=True, check=False
    )
    text, code = verdict(done.stdout)
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
