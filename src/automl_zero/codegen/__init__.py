"""Export of programs to source code of other languages and libraries."""
