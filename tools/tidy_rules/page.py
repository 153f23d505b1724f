"""The page: colours and sizes come from tokens, ids are written once."""

import re

from tidy_rules import tables
from tidy_rules.tree import Finding, is_test, line_at

_HEX = r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})(?![\w-])(?!\s*\{)"
_FUNCTION = r"\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\("
_PIXELS = r"\b\d+(?:\.\d+)?px\b"
_NAMED = (
    r"(?:color|background|border[\w-]*|outline[\w-]*|fill|stroke|box-shadow)\s*:[^;{}]*?"
    r"\b(?:white|black|red|green|blue|gr[ae]y|orange|yellow|purple|teal|navy|silver|maroon|pink|brown)\b"
)
_IN_CSS = re.compile("|".join((_HEX, _FUNCTION, _PIXELS, _NAMED)))
_IN_SCRIPT = re.compile(rf"""["'`](?:{_HEX})["'`]|["'`][^"'`\n]*(?:{_FUNCTION}|{_PIXELS})""")
_COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"""\b(?:href|to)=["'{`]*#[\w-]*""")
_ID = re.compile(r"""(?<![\w-])id=(?:\{\s*)?["'`]([\w:-]+)["'`]""")


def plain(text):
    return _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def tokens(tree):
    for path in tree.matching("ui/*"):
        if path.startswith(tables.TOKEN_HOME) or is_test(path):
            continue
        if not path.endswith((".css", ".tsx", ".ts", ".html")):
            continue
        text = _LINK.sub(lambda match: " " * len(match.group()), plain(tree.text(path)))
        pattern = _IN_CSS if path.endswith(".css") else _IN_SCRIPT
        for match in pattern.finditer(text):
            found = match.group().strip("\"'`").strip()
            yield Finding(path, line_at(text, match.end()), f"'{found}' belongs into {tables.TOKEN_HOME}tokens.css")


def ids(tree):
    first = {}
    for path in tree.matching("ui/*"):
        if not path.endswith((".tsx", ".html")) or is_test(path):
            continue
        text = plain(tree.text(path))
        for match in _ID.finditer(text):
            name, line = match.group(1), line_at(text, match.start())
            if name in first:
                yield Finding(path, line, f"id '{name}' is already written in {first[name]}")
            first.setdefault(name, f"{path}:{line}")
