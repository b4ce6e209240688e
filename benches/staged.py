#!/usr/bin/env python3
"""Compares `hopx-leaks staged` with `git diff --cached --quiet`, in turn and in the same run.

    benches/staged.py                        10,000 files, 3 of them staged
    benches/staged.py --files 100000 --staged 10 --pairs 50

The repository is made by real git in a scratch folder and removed again. Standard library only. There is no time limit
in here, the numbers are for reading; the status is 0 when both ran.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SEED = 20261124
REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_OPTIONAL_LOCKS": "0"}


def misuse(message):
    print(f"staged.py: {message}", file=sys.stderr)
    sys.exit(2)


def git(folder, *arguments):
    identity = ["-c", "user.name=b", "-c", "user.email=b@example.invalid", "-c", "gc.auto=0", "-c", "maintenance.auto=0"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


def build(folder, files, staged):
    """A repository of `files` files in folders of 100, with changes to `staged` of them in the index."""
    rng = random.Random(SEED)
    git(folder, "init", "--quiet", "--initial-branch=main")
    paths = []
    for number in range(files):
        path = folder / f"d{number // 1000}" / f"e{number // 100 % 10}" / f"f{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"value_{rng.randrange(1000)} = {rng.random()}\n" for _ in range(40)))
        paths.append(path)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=files")
    git(folder, "repack", "-adq")
    for path in rng.sample(paths, staged):
        with path.open("a") as file:
            file.write("changed = True\n")
    git(folder, "add", "--all")


def run(command, folder, wanted):
    begin = time.perf_counter()
    child = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begin
    if os.waitstatus_to_exitcode(status) != wanted:
        misuse(f"`{' '.join(map(str, command))}` ended with wait status {status}")
    return wall * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--staged", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--program", type=Path, default=REPOSITORY / "target/release/hopx-leaks")
    arguments = parser.parse_args()
    if not arguments.program.is_file():
        misuse(f"{arguments.program} is not there; run `cargo build --release`, or name another with --program")
    ours = [arguments.program.resolve(), "staged"]
    # What runs in every command: start, open the repository, find nothing to compare.
    theirs = [shutil.which("git"), "diff", "--cached", "--quiet"]
    folder = Path(tempfile.mkdtemp())
    try:
        build(folder, arguments.files, arguments.staged)
        pairs = [(run(ours, folder, 0), run(theirs, folder, 1 if arguments.staged else 0))
                 for _ in range(arguments.pairs + 1)][1:]
    finally:
        shutil.rmtree(folder)
    print(f"{arguments.files} files, {arguments.staged} staged, {arguments.pairs} pairs")
    print(f"{'':26}{'wall ms':>9}{'min':>8}{'max':>8}{'CPU ms':>8}")
    for name, column in zip(["hopx-leaks staged", "git diff --cached --quiet"], zip(*pairs)):
        walls = [wall for wall, _ in column]
        print(f"{name:26}{statistics.median(walls):9.2f}{min(walls):8.2f}{max(walls):8.2f}"
              f"{statistics.median(cpu for _, cpu in column):8.2f}")
    ratios = [ours[0] / theirs[0] for ours, theirs in pairs]
    print(f"ratio, pair by pair: {statistics.median(ratios):.2f} (min {min(ratios):.2f}, max {max(ratios):.2f})")


main()
