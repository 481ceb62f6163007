"""Conventions of all modules of the search: types, entries of arrays, and what stands for a missing value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Key = np.uint64  # hash of a program, of its behaviour or of its skeleton; 0 stands for none
Identity = np.uint64  # of a recorded improvement (``lineage_log``); 0 stands for none
RandomState = NDArray[np.uint64]  # [4] words of xoshiro256++
ComponentStarts = NDArray[np.int64]  # [4] first rows of the component functions, as in ``vm.lower.Code``

# The component functions, as entries of ``Code.size`` and of ``Lowered.bounds``; END is the entry of bounds after them.
SETUP, PREDICT, LEARN, END = range(4)
NUM_COMPONENTS = 3

NONE = -1  # where a slot, a node or a value is missing
