"""The branches of the compiled kernel: one for each family of ops, and for the pairs of ops that run as one.

The row of an op names its family (``program.ops``), and the member of that name runs it. To give a new family a branch,
add a member at the end of the group whose function in ``vm.kernel`` is to run it, and its line in that function.
"""

from __future__ import annotations

from enum import IntEnum, auto
from typing import NamedTuple


class Branch(IntEnum):
    """Numbers of the kernel's branches: consecutive, so that the compiler makes a jump table of their comparisons."""

    @staticmethod
    def _generate_next_value_(_name: str, _start: int, count: int, _last_values: list[int]) -> int:
        return count  # from 0

    # ``interpret`` runs these itself: they are most of what programs execute.
    SUM = auto()
    DIFF = auto()
    PRODUCT = auto()
    DIVISION = auto()
    ABS = auto()
    RECIPROCAL = auto()
    STEP_AT_ZERO = auto()
    STEP = auto()
    SCALE = auto()
    BROADCAST = auto()
    MIN = auto()
    MATRIX_MIN = auto()
    MAX = auto()
    MATRIX_MAX = auto()
    ADD_SCALED = auto()
    DOT = auto()
    SET_SCALAR = auto()
    # Reductions of a whole vector or matrix.
    NORM = auto()
    MEAN = auto()
    STD = auto()
    # Ops in which rows and columns matter, and those that set one element.
    OUTER = auto()
    ADD_OUTER = auto()
    MATRIX_VECTOR = auto()
    COLUMN_BROADCAST = auto()
    ROW_BROADCAST = auto()
    COLUMN_NORM = auto()
    ROW_NORM = auto()
    TRANSPOSE = auto()
    MATRIX_MATRIX = auto()
    ROW_MEAN = auto()
    ROW_STD = auto()
    SET_ELEMENT = auto()
    SET_MATRIX_ELEMENT = auto()
    # Transcendental functions of scalars.
    SIN = auto()
    COS = auto()
    TAN = auto()
    ARCSIN = auto()
    ARCCOS = auto()
    ARCTAN = auto()
    EXP = auto()
    LOG = auto()
    # Random draws.
    UNIFORM = auto()
    GAUSSIAN = auto()


FIRST_MATRIX_BRANCH, FIRST_FUNCTION, FIRST_DRAW = Branch.OUTER, Branch.SIN, Branch.UNIFORM  # where groups begin


class FusedPair(NamedTuple):
    """Two ops that run as one (see ``vm.fuse``): a product, and the sum that adds it to its own target.

    Attributes:
        product, total: names of the ops.
        branch: the branch that runs both.
    """

    product: str
    total: str
    branch: Branch


FUSED_PAIRS = (
    FusedPair("vector_outer_product", "matrix_sum", Branch.ADD_OUTER),
    FusedPair("scalar_vector_product", "vector_sum", Branch.ADD_SCALED),
    FusedPair("scalar_matrix_product", "matrix_sum", Branch.ADD_SCALED),
)
