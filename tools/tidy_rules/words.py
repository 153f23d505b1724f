"""Words: names and calls that do not stand where they are."""

import re

from tidy_rules import tables
from tidy_rules.cpp import Outline, code_only, mutable_variable
from tidy_rules.tree import CPP, TYPESCRIPT, Finding, is_generated, is_test, line_at, matches, room_of

_TYPE_NAMES = [
    (CPP, re.compile(r"\b(?:class|struct|union|concept|enum(?:\s+class|\s+struct)?)\s+(?:\[\[.*?\]\]\s*)?([A-Z]\w*)")),
    (CPP, re.compile(r"\busing\s+([A-Z]\w*)\s*=")),
    (TYPESCRIPT, re.compile(r"\b(?:class|interface|type|enum)\s+([A-Z]\w*)")),
    ((".go",), re.compile(r"^type\s+(\w+)", re.MULTILINE)),
    ((".py",), re.compile(r"^\s*class\s+(\w+)", re.MULTILINE)),
]
_TIME = re.compile(
    r"\b(?:sleep_for|sleep_until|usleep|nanosleep|clock_gettime|gettimeofday|random_device|mt19937(?:_64)?"
    r"|randombytes_\w+|RAND_bytes|getrandom|(?:system|steady|high_resolution|file)_clock\s*::\s*now"
    r"|(?:std::)?time\s*\(\s*(?:nullptr|NULL|0)\s*\)|std::rand\b)"
)
_SECRET = r"\w*(?:csrf|token|secret|password|hash|digest)\w*(?:\([^()\n]*\))?(?:(?:\.|->)\w+(?:\(\))?)*"
_SECRETS = re.compile(rf"{_SECRET}\s*[!=]=(?!\s*std::nullopt)|[!=]=\s*(?:[\w.]+(?:->|::|\.))*{_SECRET}|\bmemcmp\b")
_CATCH = re.compile(r"\bcatch\s*\(")
_LOCAL_STATIC = re.compile(r"^[ \t]*static\s+(?!const\b|constexpr\b)(?:thread_local\s+)?[\w:<]", re.MULTILINE)
_USING_NAMESPACE = re.compile(r"\busing\s+namespace\b")
_UNFINISHED = re.compile(r"\b(?:" + "|".join(("TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK")) + r")\b")
_UNFINISHED_IN = (*CPP, *TYPESCRIPT, ".css", ".go", ".py", ".sh", ".sql", ".yaml", ".yml", ".cmake", "CMakeLists.txt")
_MACHINE = re.compile(
    "|".join([
        *(r"(?<![\w.-])(?:[\w-]+\.)*" + re.escape(host) + r"(?![\w-])" for host in tables.REGISTRY_HOSTS),
        *(r"(?<![\w.~$}/-])" + re.escape(folder) + r"[\w.]" for folder in tables.MACHINE_PATHS),
    ])
)
_MACHINE_SHOWN = 3


def parts_of(name):
    """ServiceHTTPInfo -> service, http, info; run_v2 -> run, v2."""
    for term in tables.FIELD_TERMS:
        name = name.replace(term, "")
    words = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", name)
    return [word.lower() for word in re.split(r"[\s_.-]+", words) if word]


def banned_in(name):
    return next((word for word in parts_of(name) if word in tables.BANNED_WORDS), None)


def banned_names(tree):
    for path in tree.code():
        name = path.rsplit("/", 1)[-1]
        stem = name.rsplit(".", 1)[0]
        word = banned_in(stem)
        if word:
            yield Finding(path, 1, f"a file called '{word}' says nothing; name it after what it is about")
        for suffixes, pattern in _TYPE_NAMES:
            if path.endswith(suffixes):
                yield from banned_types(path, tree.text(path), pattern)


def banned_types(path, text, pattern):
    code = code_only(text) if path.endswith(CPP) else text
    for match in pattern.finditer(code):
        word = banned_in(match.group(1))
        if word:
            yield Finding(path, line_at(code, match.start(1)), f"{match.group(1)}: '{word}' is not a noun of ours")


def globals_of(tree):
    for path in tree.cpp():
        if not path.startswith("src/"):
            continue
        text = tree.text(path)
        code = code_only(text)
        if path.endswith((".hpp", ".h")):
            for match in _USING_NAMESPACE.finditer(code):
                yield Finding(path, line_at(code, match.start()), "using namespace leaks into every includer")
        if matches(path, tables.GLOBALS_ALLOWED) or is_test(path):
            continue
        yield from mutable_state(path, text, code)


def mutable_state(path, text, code):
    outline = Outline(text)
    for statement in outline.statements:
        name = mutable_variable(statement)
        if name:
            yield Finding(path, line_at(code, statement.start), f"{name} is state outside of any object")
    for function in outline.functions:
        for match in _LOCAL_STATIC.finditer(code, function.start, function.end):
            if "{" in code[function.start : match.start()]:  # Else it is the function itself that is static.
                yield Finding(path, line_at(code, match.end() - 1), f"{function.name} keeps state between its calls")


def time(tree):
    for path in tree.cpp():
        if is_test(path) or room_of(path) in tables.TIME_ROOMS:
            continue
        code = code_only(tree.text(path))
        for match in _TIME.finditer(code):
            sentence = f"{match.group()} belongs to base; take a clock or a source of randomness as a parameter"
            yield Finding(path, line_at(code, match.start()), sentence)


def secrets(tree):
    for path in tree.cpp():
        if is_test(path) or room_of(path) not in tables.SECRET_ROOMS:
            continue
        code = code_only(tree.text(path))
        for match in _SECRETS.finditer(code):
            sentence = "how long this takes tells how much of a guess was right; use base::same_secret"
            yield Finding(path, line_at(code, match.start()), sentence)


def catches(tree):
    for path in tree.cpp():
        if is_test(path) or matches(path, tables.CATCH_ALLOWED):
            continue
        code = code_only(tree.text(path))
        for match in _CATCH.finditer(code):
            yield Finding(path, line_at(code, match.start()), "an exception is caught only where its work ends")


def unfinished(tree):
    for path in tree.paths:
        if not path.endswith(_UNFINISHED_IN) or is_generated(path):
            continue
        for match in _UNFINISHED.finditer(tree.text(path)):
            line = line_at(tree.text(path), match.start())
            yield Finding(path, line, f"{match.group()}: finish it, or write down in docs/ what is not there")


def machine(tree):
    for path in tree.paths:
        text = tree.text(path)
        for count, match in enumerate(_MACHINE.finditer(text), 1):
            if count > _MACHINE_SHOWN:
                yield Finding(path, line_at(text, match.start()), "and more of the same kind")
                break
            yield Finding(path, line_at(text, match.start()), f"'{match.group()}' names a registry or one machine")
