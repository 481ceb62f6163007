"""Analysis of programs and runs: data flow, simplification, techniques, readable text, studies and comparisons."""
