"""Check the rules of form and language of this project: ``python .ci/house.py [ROOT]`` exits with 1 if one is broken.

Each rule is a function from a ``Project`` to its violations; ``RULES`` lists them. They are what ruff does not check. A
function that is long, or has many parameters, for a good reason says so in a comment ``# form: REASON`` in its
signature, or in the line above.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

MAX_FILES = 20  # in a folder
MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 60  # without the docstring
USUAL_FUNCTION_LINES = 20  # of nine functions in ten
MAX_PARAMETERS = 8  # without ``self``
MIN_COMMENTS = 0.05  # of the lines
COMMENTED = ("vm", "search", "analysis")  # packages with dense passages
EXEMPT_PARAMETERS = ("cli",)  # typer makes an option of each parameter
REASON = re.compile(r"#\s*form: \S")

# Words that this project once used in a sense of its own. docs/architecture.md has the terms that took their place.
BANNED = (
    r"anew",
    r"berths?",
    r"broods?",
    r"fates?",
    r"harvest(s|ed)?",
    r"homeless",
    r"rehearsals?",
    r"shel(f|ves)",
    r"since_(arrays|commands)",
)
BANNED_IN_SOURCE = (r"strangers?", r"tells", r"told")  # in the library and the docs
SOURCE = ("src/", "docs/", "README.md", "CONTRIBUTING.md")
# Where an old word stays: the name of an array in checkpoints of islands that do not wait for each other.
ALLOWED = {"src/automl_zero/run/distributed/command_arrays.py": {"strangers"}}
TEXT = (".py", ".md", ".toml", ".js", ".html", ".css")
SPOKEN = ("src", "tests", "benchmarks", "scripts", "docs", "README.md", "CONTRIBUTING.md")  # where words are checked
MEASURED = ("results",)  # folders with files that scripts write

# Names that stand more than once, and why.
SAME_NAMES = {
    "export": "the command, and for one release the old name of the packages codegen and estimators",
    "lineage": "run records a lineage, analysis explains it, the command prints it",
    "registry": "techniques of the analysis; trackers of runs",
    "result": "vm: of an evaluation; notebook: of a run",
}
NAMED_AS_CALLED = ("cli",)  # a command is named as the module that it calls


@dataclass(frozen=True)
class Violation:
    """A place that breaks a rule."""

    place: str
    message: str

    def __str__(self) -> str:
        """Format as a compiler does."""
        return f"{self.place}: {self.message}"


@dataclass(frozen=True)
class File:
    """A text file of the project; ``path`` is relative to its root, with slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of a module."""
        return ast.parse(self.text)

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the file."""
        return self.text.splitlines()

    @property
    def package(self) -> str:
        """The package below ``automl_zero`` that holds a module; empty for its own modules."""
        parts = self.path.split("/")
        return parts[2] if len(parts) > 3 else ""

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Yield all functions and methods, nested ones included."""
        yield from (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    def has_reason(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """Return whether a comment gives a reason for the form of a function."""
        first = min(node.lineno, *(each.lineno for each in node.decorator_list), node.lineno)
        return any(REASON.search(line) for line in self.lines[max(first - 2, 0) : node.body[0].lineno - 1])

    def place(self, node: ast.AST | None = None) -> str:
        """Return where a node is, as text."""
        return self.path if node is None else f"{self.path}:{getattr(node, 'lineno', 1)}"


@dataclass(frozen=True)
class Project:
    """The files of a checkout."""

    root: Path

    @cached_property
    def files(self) -> list[File]:
        """All text files in which words are checked, sorted by path."""
        paths = (path for name in SPOKEN for path in self._below(self.root / name) if path.suffix in TEXT)
        return [
            File(path.relative_to(self.root).as_posix(), path.read_text(encoding="utf-8")) for path in sorted(paths)
        ]

    def modules(self, *packages: str) -> list[File]:
        """Return the modules of the library: all, or those of the given packages."""
        found = [file for file in self.files if file.path.startswith("src/") and file.path.endswith(".py")]
        return [file for file in found if not packages or file.package in packages]

    @staticmethod
    def _below(path: Path) -> Iterator[Path]:
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from (each for each in path.rglob("*") if each.is_file() and "__pycache__" not in each.parts)


def banned_words(project: Project) -> Iterator[Violation]:
    """No file uses a word that was given up, nor a name with such a part, as ``_told`` or ``MapFate``."""
    for file in project.files:
        if not set(MEASURED) & set(file.path.split("/")):
            yield from _banned_in(file)


def _banned_in(file: File) -> Iterator[Violation]:
    words = (*BANNED, *BANNED_IN_SOURCE) if file.path.startswith(SOURCE) else BANNED
    pattern = re.compile(rf"(?<![a-z])({'|'.join(words)})(?![a-z])", re.IGNORECASE)
    for number, line in enumerate(file.lines, 1):
        for found in pattern.finditer(_split_names(line)):
            if found[0].lower() not in ALLOWED.get(file.path, ()):
                yield Violation(f"{file.path}:{number}", f"{found[0]!r} is a banned word: use the term of the field")


def _split_names(line: str) -> str:
    """Separate the parts of names in camel case, so that each is a word."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", line)


def unique_names(project: Project) -> Iterator[Violation]:
    """Every module and every class of the library has a name of its own."""
    places: dict[str, list[str]] = defaultdict(list)
    for file in project.modules():
        stem = Path(file.path).stem
        if stem != "__init__" and file.package not in NAMED_AS_CALLED:
            places[stem].append(file.path)
        for node in file.tree.body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(file.place(node))
    for name, found in places.items():
        if len(found) > 1 and name not in SAME_NAMES:
            yield Violation(found[0], f"{name!r} is also the name of {', '.join(found[1:])}")


def small_folders(project: Project) -> Iterator[Violation]:
    """No folder of the library or of its tests has too many files."""
    for top in ("src", "tests"):
        for folder in sorted(path for path in (project.root / top).rglob("*") if path.is_dir()):
            count = sum(path.is_file() and path.suffix in TEXT for path in folder.iterdir())
            if count > MAX_FILES:
                yield Violation(folder.relative_to(project.root).as_posix(), f"{count} files, more than {MAX_FILES}")


def short_files(project: Project) -> Iterator[Violation]:
    """No module of the library is long."""
    for file in project.modules():
        if len(file.lines) >= MAX_FILE_LINES:
            yield Violation(file.place(), f"{len(file.lines)} lines, not below {MAX_FILE_LINES}")


def short_functions(project: Project) -> Iterator[Violation]:
    """No function is long without a reason, and nine in ten are short."""
    lengths = []
    for file in project.modules():
        for node in file.functions():
            lengths.append(length := _length(node))
            if length > MAX_FUNCTION_LINES and not file.has_reason(node):
                yield Violation(file.place(node), f"{node.name} has {length} lines, more than {MAX_FUNCTION_LINES}")
    usual = sorted(lengths)[len(lengths) * 9 // 10] if lengths else 0
    if usual > USUAL_FUNCTION_LINES:
        yield Violation("src", f"one function in ten has {usual} lines or more, above {USUAL_FUNCTION_LINES}")


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its docstring."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    doc = node.body[0]
    return lines - ((doc.end_lineno or doc.lineno) - doc.lineno + 1 if ast.get_docstring(node) else 0)


def few_parameters(project: Project) -> Iterator[Violation]:
    """No function has many parameters without a reason; commands are exempt."""
    for file in project.modules():
        for node in file.functions():
            names = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            count = len(names) - (names[:1] in (["self"], ["cls"]))
            if count > MAX_PARAMETERS and file.package not in EXEMPT_PARAMETERS and not file.has_reason(node):
                yield Violation(file.place(node), f"{node.name} has {count} parameters, more than {MAX_PARAMETERS}")


def commented_packages(project: Project) -> Iterator[Violation]:
    """Dense packages say in comments why a passage is as it is."""
    for package in COMMENTED:
        files = project.modules(package)
        lines = sum(len(file.lines) for file in files)
        share = sum(map(_comments, files)) / lines if lines else 1.0
        if share < MIN_COMMENTS:
            yield Violation(f"src/automl_zero/{package}", f"comments in {share:.1%} of lines, not {MIN_COMMENTS:.0%}")


def _comments(file: File) -> int:
    tokens = tokenize.generate_tokens(io.StringIO(file.text).readline)
    return sum(token.type == tokenize.COMMENT and not token.string.startswith("# fmt") for token in tokens)


def full_docstrings(project: Project) -> Iterator[Violation]:
    """No docstring is a fragment that begins with "Of"."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for file in project.modules():
        for node in ast.walk(file.tree):
            if isinstance(node, documented) and (ast.get_docstring(node) or "").startswith("Of "):
                yield Violation(file.place(node), 'a docstring begins with "Of": write a full sentence')


Rule = Callable[[Project], Iterator[Violation]]
RULES: Sequence[Rule] = (
    banned_words,
    unique_names,
    small_folders,
    short_files,
    short_functions,
    few_parameters,
    commented_packages,
    full_docstrings,
)


def main(root: Path) -> int:
    """Print all violations, and return the exit code."""
    project = Project(root)
    found = [violation for rule in RULES for violation in rule(project)]
    for violation in found:
        print(violation)
    print(f"house: {len(RULES)} rules, {len(found)} violations in {len(project.files)} files")
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]))
