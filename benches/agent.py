#!/usr/bin/env python3
"""Times `hopx-leaks hook run agent`, from the start of the process to its end, on what an agent would write.

    cargo build --release
    benches/agent.py
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

LINE = 'line %d of a text that an agent writes "here"\n'


def write_event(file, size):
    """An event with a text of about so many bytes, piece by piece: no peak is below this script's own size."""
    head, tail = json.dumps({"hook_event_name": "PreToolUse", "tool_input": {"content": "@"}}).split("@")
    file.write(head.encode())
    lines = 0
    while file.tell() < size:
        text = "".join(LINE % number for number in range(lines, lines + 20))
        file.write(json.dumps(text)[1:-1].encode())
        lines += 20
    file.write(tail.encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="target/release/hopx-leaks")
    parser.add_argument("--runs", type=int, default=100)
    arguments = parser.parse_args()
    command = [arguments.program, "hook", "run", "agent", "--for", "claude-code"]
    print("input bytes, wall ms (least, median), CPU ms (median), peak MiB")
    for size, runs in ((1_000, arguments.runs), (1_000_000, arguments.runs), (100_000_000, 5)):
        wall, cpu, peak = [], [], 0
        with tempfile.TemporaryFile() as file:
            write_event(file, size)
            length = file.tell()
            for _ in range(runs):
                file.seek(0)
                start = time.perf_counter()
                process = subprocess.Popen(command, stdin=file)
                _, status, usage = os.wait4(process.pid, 0)
                wall.append(time.perf_counter() - start)
                process.returncode = os.waitstatus_to_exitcode(status)
                if process.returncode != 0:
                    raise SystemExit(f"status {process.returncode}")
                cpu.append(usage.ru_utime + usage.ru_stime)
                peak = max(peak, usage.ru_maxrss / 1024)
        least, middle, work = (1e3 * number for number in (min(wall), statistics.median(wall), statistics.median(cpu)))
        print(f"{length:,}, {least:.1f}, {middle:.1f}, {work:.1f}, {peak:.1f}")


if __name__ == "__main__":
    main()
