"""The commands that study a program by tuning variants of it: ``ablate``, ``transfer`` and ``tune``."""
