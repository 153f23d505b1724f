"""What a rule looks at: the files of the work tree, and which of them git tracks."""

import os
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property

from tidy_rules import tables

CPP = (".hpp", ".cpp", ".h")
TYPESCRIPT = (".ts", ".tsx")
CODE = (*CPP, *TYPESCRIPT, ".css", ".go", ".mjs", ".py", ".sh")
# Whatever builds, generators, servers and tests may pick up.
SOURCE = (*CODE, ".cmake", ".html", ".js", ".json", ".mod", ".sql", ".svg", ".sum", ".toml", ".txt", ".yaml", ".yml")
# Where others put what they make: at the root, and anywhere.
MADE_AT_ROOT = {"build", "data", "test-results"}
MADE = {"__pycache__", "dist", "node_modules"}


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    sentence: str


@dataclass(frozen=True)
class Rule:
    name: str
    demand: str
    findings: object  # Called with a Tree; returns the findings.


class Tree:
    """All files that git tracks, or would take because nothing ignores them."""

    def __init__(self, root):
        self.root = root
        self.text = cache(self._text)

    def _listed(self, *options):
        command = ["git", "-C", str(self.root), "ls-files", "-z", *options]
        output = subprocess.run(command, check=True, capture_output=True).stdout
        return {name.decode() for name in output.split(b"\0") if name}

    @cached_property
    def tracked(self):
        return self._listed()

    @cached_property
    def paths(self):
        known = self._listed("--cached", "--others", "--exclude-standard")
        return sorted(path for path in known if (self.root / path).is_file() and not (self.root / path).is_symlink())

    @cached_property
    def loose(self):
        """Sources that lie here and are not in git, ignored ones too: a clone goes without them."""
        found = set()
        for folder, folders, names in os.walk(self.root):
            inside = os.path.relpath(folder, self.root)
            made = MADE | MADE_AT_ROOT if inside == "." else MADE
            folders[:] = [name for name in folders if name not in made and not name.startswith(".")]
            if inside != ".":
                found.update(f"{inside}/{name}" for name in names if name.endswith(SOURCE) or "." not in name)
        return sorted(found - self.tracked)

    @cached_property
    def rooms(self):
        """{room: level}, the lowest level first."""
        levels = {}
        for level, line in enumerate(self.text("src/rooms.txt").splitlines()):
            for room in line.split("#")[0].split():
                levels[room] = level
        return levels

    def _text(self, path):
        try:
            return (self.root / path).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            return ""

    def lines(self, path):
        return self.text(path).splitlines()

    def matching(self, *patterns):
        return [path for path in self.paths if matches(path, patterns)]

    def ending(self, *suffixes):
        """Files written by hand: generated ones are judged by their generator."""
        return [path for path in self.paths if path.endswith(suffixes) and not is_generated(path)]

    def cpp(self):
        return self.ending(*CPP)

    def shebang(self, *programs):
        found = []
        for path in self.paths:
            first = self.text(path).split("\n", 1)[0]
            if first.startswith("#!") and first.split("/")[-1].split()[-1] in programs:
                found.append(path)
        return found

    def shell(self):
        return sorted({*self.ending(".sh"), *self.shebang("sh", "bash", "dash")})

    def python(self):
        return sorted({*self.ending(".py"), *self.shebang("python3")})

    def code(self):
        return sorted({*self.ending(*CODE), *self.shell(), *self.python()})


def matches(path, patterns):
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def is_generated(path):
    name = path.rsplit("/", 1)[-1]
    return ".gen." in name or name in tables.GENERATED_NAMES


def room_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "src" else None


def is_test(path):
    return path.startswith("tests/") or path.endswith(("_test.cpp", "_test.go")) or ".test." in path


def line_at(text, position):
    return text.count("\n", 0, position) + 1
