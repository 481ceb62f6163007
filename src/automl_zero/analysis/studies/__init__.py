"""Experiments on a program: ablation, tuned constants, transfer and paired comparisons."""
