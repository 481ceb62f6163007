"""The branches of the kernel: one for each family of ops and for each pair of ops that run as one."""

from __future__ import annotations

from automl_zero.program.ops import BY_NAME, OPS, Kind
from automl_zero.vm.branches import FUSED_PAIRS, Branch
from automl_zero.vm.lower import BRANCH, FUSED

OUTPUT_OPS = [op for op in OPS if op.output is not None]


def test_every_op_but_no_op_has_the_branch_of_its_family() -> None:
    assert [Branch(BRANCH[op.number]).name.lower() for op in OUTPUT_OPS] == [op.family for op in OUTPUT_OPS]


def test_every_branch_runs_an_op_or_a_fused_pair() -> None:
    numbers = [*(op.number for op in OUTPUT_OPS), *(fused for _, _, fused in FUSED)]
    assert {BRANCH[number] for number in numbers} == set(Branch)
    assert sorted(Branch) == list(range(len(Branch)))


def test_a_fused_pair_is_a_product_and_the_sum_of_its_kind() -> None:
    for pair in FUSED_PAIRS:
        product, total = BY_NAME[pair.product], BY_NAME[pair.total]
        assert total.family == "sum"
        assert product.output is total.output
        assert product.output in (Kind.VECTOR, Kind.MATRIX)
