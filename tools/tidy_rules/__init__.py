"""The rules of tools/tidy, in the order in which they report."""

from tidy_rules import page, rooms, self_test, shape, whole, words
from tidy_rules.tree import Finding, Rule, Tree

__all__ = ["RULES", "Finding", "Rule", "Tree", "self_test"]

RULES = [
    Rule("rooms", "a room includes itself and rooms on lower levels only", rooms.includes),
    Rule("links", "a room's CMake target links rooms on lower levels only", rooms.links),
    Rule("libraries", "a library's headers stay in the room that it belongs to", rooms.libraries),
    Rule("file-size", "a file has at most 600 lines", shape.file_size),
    Rule("function-size", "a function has at most 70 lines", shape.function_size),
    Rule("line-length", "a line of C++ has at most 100 characters", shape.line_length),
    Rule("header", "a header opens with two to six lines of comment and #pragma once", shape.header_comment),
    Rule("names", "no type and no file is called Manager, Helper, Data and the like", words.banned_names),
    Rule("globals", "no mutable state outside of objects, no using namespace in headers", words.globals_of),
    Rule("time", "only base sleeps, reads the clock and draws randomness", words.time),
    Rule("secrets", "what a stranger may guess is compared by base::same_secret, in constant time", words.secrets),
    Rule("catch", "catch stands only where a request, a job, a watcher turn and main end", words.catches),
    Rule("unfinished", "nothing unfinished is marked in the code", words.unfinished),
    Rule("machine", "no package registry and no folder of one machine is named", words.machine),
    Rule("untracked", "whatever a file includes, imports or builds is tracked by git", whole.untracked),
    Rule("documents", "links between pages lead to files that git tracks", whole.documents),
    Rule("generated", "generated files are what their sources give", whole.generated),
    Rule("gofmt", "Go files are formatted by gofmt", whole.gofmt),
    Rule("shell", "scripts are bash and stop at the first error", whole.shell),
    Rule("tokens", "colours and pixel sizes are written below ui/src/ui/ only", page.tokens),
    Rule("ids", "an id is written once in the whole page", page.ids),
]
