"""Rooms: who may include and link whom, and which library belongs to which room."""

import re

from tidy_rules import tables
from tidy_rules.tree import CPP, Finding, is_test, room_of

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]')
_COMMAND = re.compile(r"\b(hedgerow_room|target_link_libraries)\s*\(([^()]*)\)")
_KEYWORDS = {
    "ROOMS", "LIBRARIES", "TEST_LIBRARIES", "PUBLIC", "PRIVATE", "INTERFACE", "LINK_PUBLIC", "LINK_PRIVATE",
}


def includes_of(tree, path):
    for number, line in enumerate(tree.lines(path), 1):
        match = _INCLUDE.match(line)
        if match:
            yield number, match.group(1) == "<", match.group(2)


def includes(tree):
    for path in tree.matching("src/*/*"):
        room = room_of(path)
        if not path.endswith(CPP):
            continue
        if room not in tree.rooms:
            yield Finding(path, 1, f"room {room} is not in src/rooms.txt")
            continue
        for number, angled, name in includes_of(tree, path):
            if not angled:
                sentence = include_refused(tree.rooms, room, name)
                if sentence:
                    yield Finding(path, number, sentence)


def include_refused(rooms, room, name):
    target = name.split("/")[0]
    if "/" not in name or target == "..":
        return f'write "{room}/{name.rsplit("/", 1)[-1]}", rooted at src/'
    if target not in rooms:
        return f"{target} is not a room of src/rooms.txt"
    if target != room and rooms[target] >= rooms[room]:
        return f"{room} may not include {target}, which is beside or above it"
    return None


def links(tree):
    for path in tree.matching("src/*/CMakeLists.txt"):
        room = room_of(path)
        text = re.sub(r"#[^\n]*", "", tree.text(path))
        for match in _COMMAND.finditer(text):
            command, words = match.group(1), match.group(2).split()
            line = text.count("\n", 0, match.start()) + 1
            if command == "hedgerow_room":
                if words[:1] != [room]:
                    yield Finding(path, line, f"the target of this folder is {room}")
                for sentence in wrongly_declared(tree, room, words):
                    yield Finding(path, line, sentence)
            for word in words[1:]:
                sentence = link_refused(tree.rooms, room, word)
                if sentence:
                    yield Finding(path, line, sentence)


def link_refused(rooms, room, word):
    if word in _KEYWORDS or word == room:
        return None
    if word in rooms:
        above = rooms[word] >= rooms.get(room, -1)
        return f"{room} may not link {word}, which is beside or above it" if above else None
    if "::" not in word:
        return f"{word} is no room, and a library is named with its ::"
    allowed = tables.TARGET_ROOMS.get(word)
    if allowed is None:
        return f"{word} belongs to no room yet; enter it in tools/tidy_rules/tables.py"
    return None if room in allowed else f"{word} may be linked by {' and '.join(sorted(allowed))} only"


def wrongly_declared(tree, room, words):
    """Yields what is wrong with the rooms that a target says it uses, against what its files include."""
    said = set(words) & set(tree.rooms) - {room}
    used = {
        name.split("/")[0]
        for path in tree.matching(f"src/{room}/*")
        if path.endswith(CPP) and not is_test(path)
        for _, angled, name in includes_of(tree, path)
        if not angled
    } & set(tree.rooms) - {room}
    if missing := used - said:
        yield f"{room} includes {' and '.join(sorted(missing))} and does not say so"
    if unused := said - used:
        yield f"{room} includes nothing of {' and '.join(sorted(unused))}"


def libraries(tree):
    for path in tree.matching("src/*/*"):
        room = room_of(path)
        if not path.endswith(CPP):
            continue
        for number, angled, name in includes_of(tree, path):
            sentence = library_refused(room, is_test(path), name) if angled else None
            if sentence:
                yield Finding(path, number, sentence)


def library_refused(room, in_test, name):
    if name.startswith(tables.SYSTEM_HEADERS) or re.fullmatch(r"[a-z_0-9]+", name):
        return None
    if name.startswith(tables.TEST_LIBRARIES):
        return None if in_test else f"<{name}> is for tests only"
    known = [start for start in tables.LIBRARY_ROOMS if name.startswith(start)]
    if not known:
        return f"<{name}> belongs to no room yet; enter it in tools/tidy_rules/tables.py"
    allowed = tables.LIBRARY_ROOMS[max(known, key=len)]
    if allowed is tables.ANY or room in allowed:
        return None
    return f"<{name}> may be included in {' and '.join(sorted(allowed))} only"
