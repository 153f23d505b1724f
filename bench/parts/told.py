"""What a bench says at its end: the table, and the same as a file."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from parts.goals import MIB, NOT_MEASURED, shown

FINDING = 1.1
COLUMNS = ("goal", "what", "where", "ours", "against", "figure", "must", "aim", "")


def machine():
    """What the figures hold for; no name of it."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"processor": model, "cores": len(os.sched_getaffinity(0)), "memory_mib": memory // MIB,
            "kernel": platform.release()}


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
    return (row.goal, row.what, row.where, row.ours, row.theirs, figure, limit(row, row.must), limit(row, row.aim),
            row.verdict if row.figure else "")


def aligned(lines):
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def goals(table):
    return aligned([COLUMNS, *(cells(row) for row in table.rows)])


def programs(results):
    """Every program at every size: medians, and what reached the server."""
    lines = [("server", "objects", "program", "turns", "wall", "CPU", "peak", "requests", "MB sent", "pages")]
    for key in results.keys():
        place, size, program = key
        wall, cpu, peak = (results.figure(key, part) for part in ("wall", "cpu", "peak"))
        counts = results.counts.get(key, {})
        sent = f"{counts['bytes'] / 1e6:.1f}" if "bytes" in counts else ""
        lines.append((place, f"{size:,}", program, str(wall.count), shown(wall.median, "s"), shown(cpu.median, "s"),
                      shown(peak.median, "MiB"), str(counts.get("requests", "")), sent,
                      str(counts.get("pages_written", ""))))
    return aligned(lines) if len(lines) > 1 else []


def growth(results):
    """How wall time grows from one size to the next."""
    sizes = sorted({size for _, size, _ in results.keys()})
    pairs = list(zip(sizes, sizes[1:], strict=False))
    lines = [("server", "program", *(f"{small:,} to {large:,}" for small, large in pairs))]
    for place, program in dict.fromkeys((place, program) for place, _, program in results.keys()):
        grown = [results.growth((place, program), small, large) for small, large in pairs]
        lines.append((place, program, *(
            NOT_MEASURED if one is None else f"{one:.2f}" + ("  a finding" if one > FINDING else "") for one in grown)))
    return aligned(lines) if pairs else []


def write(file, results, table, wish):
    rows = [{"goal": row.goal, "what": row.what, "where": row.where, "unit": row.unit, "must": row.must, "aim": row.aim,
             "figure": vars(row.figure) if row.figure else None, "verdict": row.verdict} for row in table.rows]
    told = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), **wish, "rows": rows,
            **results.as_json()}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(told, indent=1) + "\n")


def print_all(results, table):
    for title, lines in (("Goals", goals(table)), ("Programs", programs(results)),
                         ("Growth of wall time", growth(results))):
        lines = list(lines)
        if lines:
            print(f"\n{title}\n")
            print("\n".join(lines))
    for name, reason in results.reasons.items():
        print(f"\n{name}: {NOT_MEASURED}: {reason}")
