"""What a program is: ops, programs, their text form, pruning, and a library of known algorithms."""
