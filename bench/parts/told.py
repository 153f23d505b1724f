"""What a bench says at its end: the table, and the same as a file."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from parts import tree
from parts.goals import MIB, NOT_MEASURED, shown
from parts.words import Failed

FINDING = 1.1
COLUMNS = ("goal", "what", "where", "ours", "against", "figure", "must", "aim", "", "distance")
GROWN = (("wall", "wall"), ("cpu", "CPU"), ("peak", "peak"))
TABLE_OF_PAGE = "## The last table\n"


def machine():
    """What the figures hold for; no name of it."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"processor": model, "cores": len(os.sched_getaffinity(0)), "memory_mib": memory // MIB}


def limit(row, value):
    if value is None:
        return ""
    return ("≥ " if row.more else "≤ ") + shown(value, row.unit)


def cells(row):
    figure = NOT_MEASURED
    if row.figure:
        figure = shown(row.figure.median, row.unit)
        if row.figure.count > 1:
            figure += f" [{shown(row.figure.least, row.unit)} – {shown(row.figure.most, row.unit)}]"
    distance = shown(row.distance, "x") if row.distance else ""
    return (row.goal, row.what, row.where, row.ours, row.theirs, figure, limit(row, row.must), limit(row, row.aim),
            row.verdict if row.figure else "", distance)


def aligned(lines):
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def goals(table):
    return [COLUMNS, *(cells(row) for row in table.rows)]


def programs(results):
    """Every program at every size: medians, and what reached the server."""
    lines = [("server", "objects", "program", "turns", "wall", "CPU", "peak", "requests", "MB sent", "pages")]
    for key in sorted(results.keys(), key=lambda key: key[:2]):
        place, size, program = key
        wall, cpu, peak = (results.figure(key, part) for part in ("wall", "cpu", "peak"))
        counts = results.counts.get(key, {})
        sent = f"{counts['bytes'] / 1e6:.1f}" if "bytes" in counts else ""
        lines.append((place, f"{size:,}", program, str(wall.count), shown(wall.median, "s"), shown(cpu.median, "s"),
                      shown(peak.median, "MiB"), str(counts.get("requests", "")), sent,
                      str(counts.get("pages_written", ""))))
    return lines


def growth(results):
    """How cost grows from one size to the next: the exponent."""
    sizes = sorted({size for _, size, _ in results.keys()})
    steps = [(small, large, part, name) for small, large in zip(sizes, sizes[1:], strict=False) for part, name in GROWN]
    programs_at = dict.fromkeys((place, program) for place, _, program in sorted(results.keys()))
    if not steps:
        return []
    return [("server", "program", *(f"{name}, {small:,} to {large:,}" for small, large, _, name in steps)),
            *((place, program, *(exponent(results.growth((place, program), small, large, part))
                                 for small, large, part, _ in steps)) for place, program in programs_at)]


def exponent(grown):
    if grown is None:
        return NOT_MEASURED
    return f"{grown:.2f}" + (", a finding" if grown > FINDING else "")


def others(results):
    """What no goal speaks of, name by name."""
    return [("what", "figures"), *((name, json.dumps(rounded(told))) for name, told in sorted(results.values.items()))]


def rounded(told):
    if isinstance(told, dict):
        return {name: rounded(value) for name, value in told.items()}
    return round(told, 4) if isinstance(told, float) else told


def tables(results, table):
    """(title, lines of cells), the first line being the head."""
    return [(title, lines) for title, lines in (
        ("Goals", goals(table)), ("Programs", programs(results)), ("Growth", growth(results)),
        ("Single figures", others(results))) if len(lines) > 1]


def identity():
    """Of the programs that are measured: figures of others stand for nothing here."""
    return tree.digest_of([tree.HEDGEROW, tree.FLOOR, tree.R0, tree.REPLAY, tree.LOAD, tree.CONTROL_PLANE])


def last(file):
    """What the last bench told."""
    if not file.is_file():
        raise Failed(f"nothing was measured yet: {file} is not there")
    return json.loads(file.read_text())


def last_of_these(file):
    """What the last bench told, which must have been of these very programs."""
    earlier = last(file)
    if earlier["programs"] != identity():
        raise Failed("there is nothing to keep: the last bench was of other programs")
    return earlier


def write(file, results, table):
    """Gives back what it wrote."""
    rows = [{"goal": row.goal, "what": row.what, "where": row.where, "unit": row.unit, "must": row.must, "aim": row.aim,
             "figure": vars(row.figure) if row.figure else None, "verdict": row.verdict} for row in table.rows]
    told = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "programs": identity(),
            "rows": rows, **results.as_json()}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(told, indent=1) + "\n")
    return told


def print_all(results, table):
    for title, lines in tables(results, table):
        print(f"\n{title}\n")
        print("\n".join(aligned(lines)))
    for name, reason in results.reasons.items():
        print(f"\n{name}: {NOT_MEASURED}: {reason}")


def write_page(page, told, results, table):
    """Puts the tables in the place of the last ones; what stands before them is people's."""
    before, heading, _ = page.read_text().partition(TABLE_OF_PAGE)
    where = told["machine"]
    parts = [f"Written by `bench/run --page`. Measured until {told['date'][:10]}, on {where['cores']} cores of "
             f"{where['processor']} with {where['memory_mib']:,} MiB of memory."]
    for title, lines in tables(results, table):
        parts += [f"### {title}", "\n".join(in_markdown(lines))]
    parts += [f"{name}: {NOT_MEASURED}: {reason}" for name, reason in results.reasons.items()]
    page.write_text(before + heading + "\n" + "\n\n".join(parts) + "\n")


def in_markdown(lines):
    head, *rows = lines
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
