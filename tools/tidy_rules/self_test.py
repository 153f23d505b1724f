"""Proves that tidy can fail: each rule is fed bad samples in a small repository and must name the right place.

A good tree, full of near misses, must give no finding at all.
"""

import subprocess
import tempfile
from pathlib import Path

from tidy_rules.samples import BAD, GOOD, UNTRACKED
from tidy_rules.tree import Tree


def lay(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def repository(root, files):
    lay(root, {name: text for name, text in files.items() if name not in UNTRACKED})
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", "-C", str(root), *command], check=True, capture_output=True)
    lay(root, {name: text for name, text in files.items() if name in UNTRACKED})
    return Tree(root)


def places(rule, files):
    with tempfile.TemporaryDirectory() as folder:
        return {f"{found.path}:{found.line}" for found in rule.findings(repository(Path(folder), files))}


def failures(rule):
    found = places(rule, GOOD)
    if found:
        yield f"finds {', '.join(sorted(found))} in the good sample"
    if not BAD.get(rule.name):
        yield "has no bad sample"
    for expected, files in BAD.get(rule.name, []):
        found = places(rule, {**GOOD, **files})
        if found != {expected}:
            yield f"should find {expected}, finds {', '.join(sorted(found)) or 'nothing'}"


def run(rules):
    failed = 0
    for rule in rules:
        reasons = list(failures(rule))
        failed += bool(reasons)
        for reason in reasons:
            print(f"tools/tidy:1: {rule.name}: {reason}")
    samples = sum(len(BAD.get(rule.name, [])) for rule in rules)
    print(f"{samples} bad samples fed to {len(rules)} rules")
    print(f"{len(rules) - failed} passed, {failed} failed")
    return 1 if failed else 0
