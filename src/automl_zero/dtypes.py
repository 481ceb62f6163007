"""The precisions in which programs can be run, by the names of NumPy's types."""

from __future__ import annotations

from typing import Literal, get_args

Dtype = Literal["float32", "float64"]
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
