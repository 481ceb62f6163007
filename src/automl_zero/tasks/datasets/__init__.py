"""Data sets of labelled images: their sources, downloads, file formats and cache."""
