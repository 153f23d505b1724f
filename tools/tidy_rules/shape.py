"""Shape: sizes of files, functions and lines, and how a header opens."""

import ast
import re

from tidy_rules import tables
from tidy_rules.cpp import Outline
from tidy_rules.tree import Finding, line_at

_GO_FUNCTION = re.compile(r"^func (?:\([^)]*\) )?(\w+)[^\n]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)

_SHELL_FUNCTION = re.compile(r"^(\w+)\(\) \{\n.*?^\}", re.MULTILINE | re.DOTALL)


def is_table(tree, path):
    return any(tables.DATA_TABLE_MARK in line for line in tree.lines(path)[:10])


def file_size(tree):
    for path in tree.code():
        count = len(tree.lines(path))
        if count > tables.FILE_LINES_MAX and not is_table(tree, path):
            yield Finding(path, count, f"{count} lines; at most {tables.FILE_LINES_MAX}")


def function_size(tree):
    readers = [
        (tree.cpp(), cpp_functions),
        (tree.ending(".go"), go_functions),
        (tree.python(), python_functions),
        (tree.shell(), shell_functions),
    ]
    for paths, functions in readers:
        for path in paths:
            if is_table(tree, path):
                continue
            for name, line, count in functions(tree.text(path)):
                if count > tables.FUNCTION_LINES_MAX:
                    yield Finding(path, line, f"{name} has {count} lines; at most {tables.FUNCTION_LINES_MAX}")


def cpp_functions(text):
    for function in Outline(text).functions:
        first, last = line_at(text, function.start), line_at(text, function.end)
        yield function.name, first, last - first + 1


def go_functions(text):
    for match in _GO_FUNCTION.finditer(text):
        yield match.group(1), line_at(text, match.start()), match.group().count("\n") + 1


def shell_functions(text):
    for match in _SHELL_FUNCTION.finditer(text):
        yield match.group(1), line_at(text, match.start()), match.group().count("\n") + 1


def python_functions(text):
    try:
        module = ast.parse(text)
    except SyntaxError as error:
        yield f"a syntax error ({error.msg})", error.lineno or 1, tables.FUNCTION_LINES_MAX + 1
        return
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def line_length(tree):
    for path in tree.cpp():
        for number, line in enumerate(tree.lines(path), 1):
            if len(line) > tables.LINE_CHARS_MAX and "://" not in line:
                yield Finding(path, number, f"{len(line)} characters; at most {tables.LINE_CHARS_MAX}")


def header_comment(tree):
    for path in tree.ending(".hpp", ".h"):
        lines = tree.lines(path)
        opening = next((index for index, line in enumerate(lines) if not line.startswith("//")), len(lines))
        if opening not in tables.HEADER_COMMENT_LINES:
            yield Finding(path, 1, f"opens with {opening} lines of comment; two to six say what this is")
        elif "#pragma once" not in lines:
            yield Finding(path, opening + 1, "#pragma once is missing")
