"""A light reading of C++: enough to tell functions, types and variables apart without a compiler."""

import re
from dataclasses import dataclass

_TOKENS = re.compile(
    r"""(?P<raw>\b(?:u8|u|U|L)?R"(?P<delim>[^\s()\\]{0,16})\(.*?\)(?P=delim)")
      | (?P<line>//[^\n]*)
      | (?P<block>/\*.*?\*/)
      | (?P<number>\b\d[\w.']*)
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<char>'(?:\\.|[^'\\\n])+')""",
    re.DOTALL | re.VERBOSE,
)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)


def _blank(text):
    return "".join("\n" if char == "\n" else " " for char in text)


def _without(match):
    text = match.group()
    if match.group("number"):
        return text
    if match.group("string") or match.group("char") or match.group("raw"):
        return '"' + _blank(text[1:-1]) + '"'
    return _blank(text)


def code_only(text):
    """The text with comments and the insides of literals blanked; every line stays where it was."""
    return _TOKENS.sub(_without, text)


def statements_only(text):
    """As code_only, and without preprocessor lines."""
    return _DIRECTIVE.sub(lambda match: _blank(match.group()), code_only(text))


@dataclass(frozen=True)
class Function:
    name: str
    start: int  # Position of its first word.
    end: int  # Position of its closing brace.


@dataclass(frozen=True)
class Statement:
    text: str
    start: int
    scope: str  # "namespace" or "type".


_ATTRIBUTE = re.compile(r"\[\[.*?\]\]|\balignas\s*\([^)]*\)", re.DOTALL)
_LABEL = re.compile(r"\b(?:public|private|protected)\s*:(?!:)")
_ANGLES = re.compile(r"<[^<>;{}]*>")
_PARENS = re.compile(r"\([^()]*\)")
_OPERATOR = re.compile(r"\boperator\s*(?:\(\s*\)|[^\s\w(]+)")
_CONSTRUCTOR_LIST = re.compile(r"#\s*(?:noexcept\s*#?\s*)?:(?!:)")


def simplified(head):
    """The head of a statement or block: no attributes or template arguments, each (...) written as #."""
    head = _OPERATOR.sub("operator_ ", _LABEL.sub(" ", _ATTRIBUTE.sub(" ", head)))
    for pattern, replacement in ((_PARENS, "#"), (_ANGLES, "")):
        while True:
            shorter = pattern.sub(replacement, head)
            if shorter == head:
                break
            head = shorter
    return " ".join(head.split())


def block_kind(head, scope):
    """What a `{` opens after this head: namespace, type, function, init or inner."""
    if scope in ("function", "inner", "init"):
        return "inner"
    plain = simplified(head)
    if re.search(r"\bnamespace\b", plain) or re.match(r'extern\s*"', plain):
        return "namespace"
    if re.search(r"\b(?:class|struct|union|enum)\b", plain) and "#" not in plain:
        return "type"
    if "#" not in plain:
        return "init"
    if _CONSTRUCTOR_LIST.search(plain) and re.search(r"[\w]$", plain):
        return "init"
    if re.search(r"(?<![=!<>])=(?!=)", plain) and not re.search(r"\]\s*#", plain):
        return "init"
    return "function"


class Outline:
    """The functions of a file, and its statements outside of functions."""

    def __init__(self, text):
        self.functions = []
        self.statements = []
        self._code = statements_only(text)
        self._read()

    def _read(self):
        blocks = []  # (kind, start of its head, parentheses open around it)
        depth = start = 0
        for match in re.finditer(r"[{}();]", self._code):
            sign, at = match.group(), match.start()
            scope = blocks[-1][0] if blocks else "namespace"
            if sign == "(":
                depth += 1
            elif sign == ")":
                depth = max(0, depth - 1)
            elif sign == ";" and depth == 0:
                self._end_statement(start, at, scope)
                start = at + 1
            elif sign == "{":
                kind = "inner" if depth else block_kind(self._head(start, at), scope)
                blocks.append((kind, start, depth))
                depth = 0
                start = start if kind == "init" else at + 1
            elif sign == "}" and blocks:
                kind, head_start, depth = blocks.pop()
                if kind == "function":
                    self._end_function(head_start, at)
                start = head_start if kind == "init" or depth else at + 1

    def _head(self, start, end):
        # Initialisers that were closed before belong to the head, but only as a mark.
        head = self._code[start:end]
        while True:
            shorter = re.sub(r"\{[^{}]*\}", '""', head)
            if shorter == head:
                return head
            head = shorter

    def _first_word(self, start):
        return re.compile(r"\S").search(self._code, start).start()

    def _end_statement(self, start, end, scope):
        if scope not in ("namespace", "type"):
            return
        text = simplified(self._head(start, end))
        if text:
            self.statements.append(Statement(text, self._first_word(start), scope))

    def _end_function(self, start, end):
        head = self._code[start:end].split("(")[0]
        names = re.findall(r"[\w:~]+", _LABEL.sub(" ", head))
        first = self._first_word(_skip_label(self._code, start))
        self.functions.append(Function(names[-1] if names else "lambda", first, end))


def _skip_label(code, start):
    match = re.compile(r"\s*(?:public|private|protected)\s*:(?!:)").match(code, start)
    return match.end() if match else start


_NO_VARIABLE = re.compile(
    r"^(?:using|typedef|template|friend|static_assert|namespace|class|struct|union|enum|concept|extern|export|return)\b"
)
_CONSTANT = re.compile(r"\b(?:const|constexpr|consteval)\b")
_VARIABLE = re.compile(r'[\w\]*&]\s*[*& ]\s*(\w+)\s*(?:\[[^\]]*\]\s*)*(?:=.*|"")?$')


def mutable_variable(statement):
    """The name of the variable that this statement makes outside of any function or object, or None."""
    text = statement.text
    if _NO_VARIABLE.search(text) or "#" in text.split("=")[0] or _CONSTANT.search(text):
        return None
    if statement.scope == "type" and not re.match(r"(?:inline\s+)?static\b", text):
        return None
    match = _VARIABLE.search(text)
    return match.group(1) if match else None
