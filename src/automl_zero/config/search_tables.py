"""The tables of a search: its methods, and the mutations of a program's instructions; one row each.

A row is the only place where its name, its description and its plain values are written: the config validates against
these enums, and the search, its documentation and its tests follow from them. What a row does is attached to it in
``search``: ``island.SOURCES`` for a method, ``mutate.OPERATORS`` for a mutation. Mutations of a program's graph are in
``search.graph.mutation.GRAPH_MUTATIONS``, since no config names them.
"""

from __future__ import annotations

from enum import StrEnum


class Row(StrEnum):
    """A row of a table; as text it is its name."""

    description: str

    def __repr__(self) -> str:
        """Return the row as messages show any other text."""
        return repr(str(self))


class SearchMethod(Row):
    """How a population moves on; the last column says whether parents have whole families of children.

    Example:
        >>> SearchMethod("minimal-generation-gap").has_families
        True
    """

    has_families: bool

    def __new__(cls, name: str, description: str, has_families: bool = False) -> SearchMethod:
        """Make a row of its columns."""
        row = str.__new__(cls, name)
        row._value_, row.description, row.has_families = name, description, has_families
        return row

    REGULARIZED_EVOLUTION = (
        "regularized-evolution",
        "the fittest of `search.tournament_size` random members has a child, which replaces the oldest member",
    )
    MINIMAL_GENERATION_GAP = (
        "minimal-generation-gap",
        "two random members have `search.children` children, and two of the family replace them",
        True,
    )
    RANDOM_SEARCH = ("random-search", "a random program replaces the oldest member")


class Mutation(Row):
    """How a mutation changes instructions, and its weight in two tables.

    The first weight is that of the paper (supplement S3: one third each for the size, a component function and an
    argument; removal is twice as likely as insertion), the second that of the published program's baseline script.
    A mutation of weight 0 is used where ``mutation.weights`` names it.

    Example:
        >>> Mutation("insert").released_weight
        0.25
    """

    paper_weight: float
    released_weight: float

    def __new__(cls, name: str, description: str, paper: float = 0.0, released: float = 0.0) -> Mutation:
        """Make a row of its columns."""
        row = str.__new__(cls, name)
        row._value_, row.description, row.paper_weight, row.released_weight = name, description, paper, released
        return row

    INSERT = "insert", "insert a random instruction at a random position", 1 / 9, 1 / 4
    REMOVE = "remove", "remove a random instruction", 2 / 9, 1 / 4
    RANDOMIZE_COMPONENT = "randomize_component", "replace all instructions of a component function", 1 / 3, 1 / 4
    ALTER_PARAMETER = "alter_parameter", "change one address or one constant of an instruction", 1 / 3, 1 / 4
    RANDOMIZE_INSTRUCTION = "randomize_instruction", "replace one instruction"
    TRADE = "trade", "insert a random instruction, then remove one"
    RANDOMIZE_PROGRAM = "randomize_program", "replace all instructions of the program"
    IDENTITY = "identity", "change nothing"
