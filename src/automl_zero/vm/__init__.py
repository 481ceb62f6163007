"""How a program runs: the reference interpreter that defines meaning, and the compiled one that is fast."""
