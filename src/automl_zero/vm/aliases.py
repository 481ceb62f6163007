"""Names for what compiled functions take and return.

They serve readers and mypy alone, since Numba infers types of its own. Lanes have operators only for the compiler, so
the aliases of lanes are ``Any`` to mypy; the alias says what Numba sees.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Key: TypeAlias = np.uint64  # a 64-bit hash
RandomState: TypeAlias = NDArray[np.uint64]  # [4] state of a random stream
Address: TypeAlias = int  # of memory, in bytes, as a signed 64-bit integer
LaneMask: TypeAlias = int  # bit k stands for lane k
Numbers: TypeAlias = NDArray[Any]  # float32 or float64, the precision of the computation
LaneValues: TypeAlias = Any  # Lanes of float32 or float64
LaneWords: TypeAlias = Any  # Lanes of unsigned integers, 32 or 64 bits each
