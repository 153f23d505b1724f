"""The whole: what git tracks, what is generated, how other languages are kept."""

import os
import posixpath
import re
import shutil
import subprocess
import sys

from tidy_rules.rooms import includes_of
from tidy_rules.tree import CPP, TYPESCRIPT, Finding, line_at, room_of

_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}/[^"'?]+)|\bnew URL\(\s*["'](\.{1,2}/[^"'?]+)""")
_CMAKE_SOURCE = re.compile(r"(?<![\w*}/.$-])((?:\$\{CMAKE_(?:CURRENT_)?SOURCE_DIR\}/)?[\w./-]+\.(?:cpp|c|S|in|sql))\b")
_HTML_SOURCE = re.compile(r"""\b(?:src|href)=["'](\.{0,2}/[^"'?#]+)["']""")
_PYTHON_IMPORT = re.compile(r"^(?:from (\w+)(?:\.\w+)* import|import (\w+))", re.MULTILINE)
_SHELL_SOURCE = re.compile(r"""^\s*(?:source|\.)\s+["']?[^"'\s]*?([\w-]+/[\w-]+\.sh)""", re.MULTILINE)
_GO_EMBED = re.compile(r"^//go:embed[ \t]+(\S+)[ \t]*$", re.MULTILINE)
_DOCUMENT_LINK = re.compile(r"\]\(([^)\s]+)\)")
_TYPESCRIPT_ENDINGS = ("", ".ts", ".tsx", "/index.ts", "/index.tsx")
_FENCE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)\s*$", re.MULTILINE | re.DOTALL)


def untracked(tree):
    told = set()
    for references in (included, imported, embedded, built, compiled, referenced, scripted):
        for path, line, target in references(tree):
            if target not in tree.tracked:
                told.add(target)
                yield Finding(path, line, f"git does not track {target}")
    # What is taken by its place or by a name that no rule above can read.
    for path in tree.loose:
        if path not in told:
            yield Finding(path, 1, "git does not track it: add it, or take it away")


def included(tree):
    for path in tree.paths:
        if not path.endswith(CPP):
            continue
        for line, angled, name in includes_of(tree, path):
            if not angled:
                roots = ("src", "tests", posixpath.dirname(path))
                places = [posixpath.normpath(posixpath.join(root, name)) for root in roots]
                yield path, line, next((place for place in places if place in tree.tracked), places[0])


def imported(tree):
    for path in tree.paths:
        if not path.endswith(TYPESCRIPT):
            continue
        text = tree.text(path)
        for match in _IMPORT.finditer(text):
            name = match.group(1) or match.group(2)
            place = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            stem = place[:-3] if place.endswith(".js") else place
            here = (stem + end for end in _TYPESCRIPT_ENDINGS if (tree.root / (stem + end)).is_file())
            yield path, line_at(text, match.start()), next(here, place)


def embedded(tree):
    for path in tree.ending(".go"):
        for match in _GO_EMBED.finditer(tree.text(path)):
            place = posixpath.normpath(posixpath.join(posixpath.dirname(path), match.group(1)))
            if "*" not in place:
                yield path, line_at(tree.text(path), match.start()), place


def built(tree):
    for path in tree.paths:
        if not path.endswith(("CMakeLists.txt", ".cmake")):
            continue
        text = re.sub(r"#[^\n]*", "", tree.text(path))
        for match in _CMAKE_SOURCE.finditer(text):
            name = match.group(1)
            root = "" if name.startswith("${CMAKE_SOURCE_DIR}/") else posixpath.dirname(path)
            name = name.removeprefix("${CMAKE_SOURCE_DIR}/").removeprefix("${CMAKE_CURRENT_SOURCE_DIR}/")
            yield path, line_at(text, match.start()), posixpath.normpath(posixpath.join(root, name))


def compiled(tree):
    """Rooms compile every .cpp of their folder, so one that git ignores would be built here only."""
    for room in tree.rooms if "src/rooms.txt" in tree.paths else ():
        folder = tree.root / "src" / room
        if folder.is_dir():
            for name in sorted(os.listdir(folder)):
                if name.endswith(".cpp"):
                    yield f"src/{room}/CMakeLists.txt", 1, f"src/{room}/{name}"


def referenced(tree):
    for path in tree.matching("ui/*.html"):
        text = tree.text(path)
        for match in _HTML_SOURCE.finditer(text):
            name = match.group(1)
            inside = posixpath.normpath("ui/" + name.lstrip("./"))
            public = posixpath.normpath("ui/public/" + name.lstrip("./"))
            yield path, line_at(text, match.start()), public if public in tree.tracked else inside


def scripted(tree):
    for path in tree.python():
        for match in _PYTHON_IMPORT.finditer(tree.text(path)):
            name = match.group(1) or match.group(2)
            for place in (f"tools/{name}.py", f"tools/{name}/__init__.py"):
                if (tree.root / place).is_file():
                    yield path, line_at(tree.text(path), match.start()), place
    for path in tree.shell():
        for match in _SHELL_SOURCE.finditer(tree.text(path)):
            places = [known for known in tree.tracked if known.endswith("/" + match.group(1))]
            yield path, line_at(tree.text(path), match.start()), places[0] if places else match.group(1)


def documents(tree):
    for path in tree.paths:
        if not path.endswith(".md"):
            continue
        text = _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), tree.text(path))
        for match in _DOCUMENT_LINK.finditer(text):
            name = match.group(1).split("#")[0]
            if not name or "://" in name or name.startswith("mailto:"):
                continue
            place = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            if place not in tree.tracked and not any(known.startswith(place + "/") for known in tree.tracked):
                yield Finding(path, line_at(text, match.start()), f"git does not track {place}")


def generated(tree):
    command = [sys.executable, str(tree.root / "tools/generate"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True)
    for line in result.stdout.splitlines():
        path, _, sentence = line.partition(": ")
        yield Finding(path, 1, sentence)
    if result.returncode != 0 and not result.stdout:
        yield Finding("tools/generate", 1, (result.stderr.strip().splitlines() or ["failed"])[-1])


def gofmt(tree):
    paths = [path for path in tree.paths if path.endswith(".go")]
    if not paths:
        return
    if not shutil.which("gofmt"):
        yield Finding(paths[0], 1, "gofmt is not installed, so no Go file was checked")
        return
    result = subprocess.run(["gofmt", "-l", *paths], cwd=tree.root, capture_output=True, text=True)
    for path in result.stdout.splitlines():
        yield Finding(path, 1, "run gofmt -w on it")
    for line in result.stderr.splitlines():
        path, _, sentence = line.partition(":")
        yield Finding(path, 1, f"gofmt cannot read it: {sentence.strip()}")


def shell(tree):
    for path in tree.shell():
        lines = tree.lines(path)
        sourced = not lines or not lines[0].startswith("#!")
        if not sourced and not re.search(r"\bbash$", lines[0]):
            yield Finding(path, 1, "write it for bash, which knows pipefail")
        elif not sourced and not any(line.strip() == "set -euo pipefail" for line in lines[:40]):
            yield Finding(path, 1, "set -euo pipefail is missing")
