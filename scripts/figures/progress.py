"""Draw how a run found its program, after figure 6 of the paper: the curve, and the code at its milestones.

``python scripts/figures/progress.py RUN OUT.png``; the same figure is named ``progress`` in
``automl-zero report RUN --figures FOLDER``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from automl_zero.report.page import collect
from automl_zero.report.progress_figure import draw_progress, progress_figure


def main(folder: str, picture: str) -> None:
    """Draw the progress of a run folder into a PNG or SVG file, by its ending."""
    figure = progress_figure(collect(Path(folder)))
    if not figure.milestones:
        sys.exit(f"{folder} has no program yet: let the run go on")
    draw_progress(figure).savefig(picture, dpi=110)
    print(f"wrote {picture}")


if __name__ == "__main__":
    main(*sys.argv[1:])
