"""The stop flag, with which another thread ends compiled loops, whatever they are doing.

It is raised once and never lowered. Work in progress is cut: an evaluation raises ``Stopped``, and the state of a
search must not be used any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Stopped(Exception):  # noqa: N818 -- not an error: it was asked for
    """Raised where there is no result, since the stop flag was raised before the work was done."""


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
        import numpy as np  # here, so that code that only catches ``Stopped`` need not load it

        self.array: NDArray[np.int64] = np.zeros(1, np.int64)

    def set(self) -> None:
        """Raise the flag; compiled loops that read it end within milliseconds."""
        self.array[0] = 1

    @property
    def is_set(self) -> bool:
        """Whether the flag is raised."""
        return bool(self.array[0])

    def check(self) -> None:
        """Raise ``Stopped`` if the flag is raised.

        Raises:
            Stopped: the flag is raised.
        """
        if self.is_set:
            raise Stopped
