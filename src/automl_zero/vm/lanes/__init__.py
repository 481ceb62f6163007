"""SIMD lanes: one value of each of several tasks in one machine vector, with arithmetic and random draws."""
