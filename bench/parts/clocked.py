"""Runs a command as its only child and writes down what it took: clocked.py REPORT COMMAND...

A program of its own, as the peak that the kernel tells of a child is never below that of the process it was made from.
"""

import json
import os
import sys
import time


def main():
    report, *command = sys.argv[1:]
    begun = time.monotonic()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(child, 0)
    wall = time.monotonic() - begun
    with open(report, "w", encoding="utf-8") as file:
        json.dump({"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss * 1024}, file)
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


main()
