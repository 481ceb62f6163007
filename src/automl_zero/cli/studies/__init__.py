"""The commands that study a program by tuning variants of it: ``payoff``, ``ablate``, ``transfer`` and ``tune``."""
