"""Task sets, on which programs are scored: plain arrays, reproducible from a seed."""
