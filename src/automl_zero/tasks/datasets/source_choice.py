"""The choice of the sources that a data set is downloaded from."""

from __future__ import annotations

from enum import StrEnum


class SourceChoice(StrEnum):
    """The sources to try: ``any`` is the official site, then the package."""

    ANY = "any"
    OFFICIAL = "official"
    PACKAGE = "package"
