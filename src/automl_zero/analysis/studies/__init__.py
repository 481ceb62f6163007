"""Studies of a program: ablation, tuned constants, transfer to other tasks, and paired comparisons."""
