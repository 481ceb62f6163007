"""Data sets of labelled images: their sources, downloads, formats and the cache they are kept in."""
