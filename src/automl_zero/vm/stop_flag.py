"""The flag by which compiled loops are ended from another thread, whatever they are doing.

It is raised once and never lowered. What is under way when it is raised is cut: an evaluation raises ``Stopped``, and
the state of a search is no longer one that may be gone on from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Stopped(Exception):  # noqa: N818 -- nothing is wrong: somebody asked for it
    """What was asked for is not there, since the stop flag was raised meanwhile."""


class StopFlag:
    """A flag that any thread may raise, and that compiled code reads through ``array``.

    Attributes:
        array: [1] int64, 0 until the flag is raised; compiled code holds its address, so it lives as long as its users.

    Example:
        >>> flag = StopFlag()
        >>> flag.set()
        >>> flag.check()
        Traceback (most recent call last):
        automl_zero.vm.stop_flag.Stopped
    """

    def __init__(self) -> None:
        import numpy as np  # so that whoever only catches what is raised does not wait for it

        self.array: NDArray[np.int64] = np.zeros(1, np.int64)

    def set(self) -> None:
        """Raise the flag; compiled loops that read it end within milliseconds."""
        self.array[0] = 1

    @property
    def is_set(self) -> bool:
        """Whether it is raised."""
        return bool(self.array[0])

    def check(self) -> None:
        """Go on only if the flag is not raised.

        Raises:
            Stopped: it is.
        """
        if self.is_set:
            raise Stopped
