"""Draw how a run found its algorithm: ``python docs/progress.py RUN OUT.png``, after figure 6 of the paper.

It is the figure ``progress`` of ``automl-zero report RUN --figures FOLDER``, written into a file of any name.
"""

from __future__ import annotations

import sys
from pathlib import Path

from automl_zero.report.page import collect
from automl_zero.report.progress_figure import draw_progress, progress_figure


def main(folder: str, picture: str) -> None:
    """Draw a run folder into a PNG or SVG file, by its ending."""
    data = progress_figure(collect(Path(folder)))
    if not data.milestones:
        sys.exit(f"{folder} has no program yet: let the run continue")
    draw_progress(data).savefig(picture, dpi=110)
    print(f"wrote {picture}")


if __name__ == "__main__":
    main(*sys.argv[1:])
