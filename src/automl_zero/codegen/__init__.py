"""Programs as source code of other languages and libraries."""
