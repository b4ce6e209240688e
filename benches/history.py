#!/usr/bin/env python3
"""Compares `hopx-leaks history` with `git cat-file` decoding every object, in turn and in the same run.

    benches/history.py --repository DIR      an existing repository, bare or not; nothing is written to it
    benches/history.py --build DIR           one made by git fast-import from a seed: 40,000 commits
    benches/history.py --build DIR --commits 4000 --pairs 9

Two tables: the repository as it is, and a scratch clone that borrows its objects and has one more commit, which brings
in a key. Standard library and git only. There is no time limit in here, the numbers are for reading; the status is 0
when both ran.
"""

import argparse
import os
import random
import shutil
import statistics
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SEED = 20261124
REPOSITORY = Path(__file__).resolve().parent.parent
MIB = 1 << 20
ENVIRONMENT = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
DECODE_ALL = ["cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"]
# The bar on memory: the packs and their indexes, which are mapped, and this much.
FIXED, PER_OBJECT = 200 * MIB, 160


def misuse(message):
    print(f"history.py: {message}", file=sys.stderr)
    sys.exit(2)


def git(folder, *arguments, **more):
    command = ["git", "-c", "gc.auto=0", "-c", "maintenance.auto=0", *arguments]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, **more).stdout


# Building.


def build(folder, commits):
    """A bare repository: 2,000 files in folders, of which each commit changes a few lines of one to four. Every 20th
    commit is a merge. The same arguments give the same objects."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        misuse(f"{folder} is not empty; remove it, or measure it as it is with --repository")
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main")
    command = ["git", "fast-import", "--quiet", "--done"]
    importer = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdin=subprocess.PIPE)
    write_stream(importer.stdin, commits)
    importer.stdin.close()
    if importer.wait() != 0:
        misuse("git fast-import failed")
    # fast-import makes few deltas; these are as git's own `gc` makes them.
    git(folder, "repack", "-adfq", "--depth=50", "--window=10")


def write_stream(out, commits):
    rng = random.Random(SEED)
    words = ["".join(rng.choices(string.ascii_lowercase, k=rng.randint(2, 10))) for _ in range(5000)]
    line = lambda: " ".join(rng.choices(words, k=rng.randint(3, 12)))
    files = {}
    for number in range(2000):
        path = f"{words[number % 12]}/{words[number % 60]}/{words[number]}{number}.txt"
        files[path] = [line() for _ in range(int(rng.lognormvariate(5.5, 1.0)))]
    paths = list(files)

    def commit(mark, changed, merged=None):
        message = f"{line()}\n\n{line()}\n".encode()
        out.write(f"commit refs/heads/main\nmark :{mark}\n".encode())
        out.write(f"committer A B <a@example.invalid> {1_500_000_000 + 600 * mark} +0000\n".encode())
        out.write(b"data %d\n%s\n" % (len(message), message))
        if merged:
            out.write(b"merge :%d\n" % merged)
        for path in changed:
            content = ("\n".join(files[path]) + "\n").encode()
            out.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))

    commit(1, paths)
    for mark in range(2, commits + 1):
        # Some files change far more often than others.
        changed = {paths[int(len(paths) * rng.random() ** 3)] for _ in range(rng.randint(1, 4))}
        for path in changed:
            lines = files[path]
            at = rng.randrange(len(lines) + 1)
            lines[at:at + rng.randint(0, 3)] = [line() for _ in range(rng.randint(0, 4))]
        commit(mark, sorted(changed), mark - 5 if mark % 20 == 0 else None)
    out.write(b"done\n")


def plant(repository, folder):
    """A clone without objects of its own, and in it a commit on top of HEAD with a key that was made up just now."""
    git(None, "clone", "--quiet", "--mirror", "--shared", str(repository), str(folder))
    rng = random.SystemRandom()
    alphabet = string.ascii_letters + string.digits
    # 43 characters of base64url hold 258 bits: the last one's low two are zeros.
    secret = "".join(rng.choices(alphabet, k=42)) + rng.choice("AEIMQUYcgkosw048")
    key = f"hopx_live_{''.join(rng.choices(alphabet, k=12))}.{secret}\n"
    stream = (
        "commit refs/heads/hopx-leaks-planted\ncommitter A B <a@example.invalid> 1900000000 +0000\ndata 4\nkey\n"
        f"from HEAD^0\nM 100644 inline planted/settings.txt\ndata {len(key)}\n{key}\ndone\n"
    )
    git(folder, "fast-import", "--quiet", "--done", "--force", input=stream.encode())


# Measuring.


class Run:
    """One finished child: wall and CPU seconds, peak in bytes."""

    def __init__(self, command, folder, allowed):
        begin = time.perf_counter()
        null = subprocess.DEVNULL
        child = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdin=null, stdout=null, stderr=null)
        _, status, usage = os.wait4(child.pid, 0)
        self.wall = time.perf_counter() - begin
        self.status = child.returncode = os.waitstatus_to_exitcode(status)
        if self.status not in allowed:
            misuse(f"`{' '.join(map(str, command))}` ended with status {self.status}")
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def objects_and_packs(folder):
    """How many objects git counts, and the bytes of all packs and their indexes, borrowed ones too."""
    counts, stores = {}, [Path(git(folder, "rev-parse", "--git-path", "objects").decode().strip())]
    stores = [folder / stores[0]]
    for line in git(folder, "count-objects", "-v").decode().splitlines():
        name, value = line.split(": ", 1)
        if name == "alternate":
            stores.append(Path(value.strip('"')))
        else:
            counts[name] = int(value)
    listed = git(folder, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered", "--buffer")
    files = [file for store in stores for file in (store / "pack").glob("*") if file.suffix in (".pack", ".idx")]
    files += [file for store in stores for file in (store / "pack").glob("multi-pack-index")]
    return listed.count(b"\n"), sum(file.stat().st_size for file in files)


def compare(title, folder, program, threads, pairs, allowed):
    """Ours, theirs, ours, theirs: one pair to warm up, then `pairs` that count."""
    ours = [program, "history", f"-j{threads}", "."]
    theirs = [shutil.which("git"), *DECODE_ALL]
    results = [(Run(ours, folder, allowed), Run(theirs, folder, [0])) for _ in range(pairs + 1)][1:]
    columns = list(zip(*results))
    print(f"\n{title}")
    print(f"{'':22}{'wall s':>8}{'min':>8}{'max':>8}{'CPU s':>8}{'peak MiB':>10}  status")
    for name, runs in zip(["hopx-leaks history", "git cat-file"], columns):
        walls = [one.wall for one in runs]
        print(f"{name:22}{statistics.median(walls):8.3f}{min(walls):8.3f}{max(walls):8.3f}"
              f"{statistics.median(one.cpu for one in runs):8.3f}{max(one.peak for one in runs) / MIB:10.1f}"
              f"  {runs[0].status}")
    ratios = [ours.wall / theirs.wall for ours, theirs in results]
    print(f"ratio, pair by pair: {statistics.median(ratios):.3f}"
          f" (min {min(ratios):.3f}, max {max(ratios):.3f}, {len(ratios)} pairs)")
    objects, packs = objects_and_packs(folder)
    bar = packs + FIXED + PER_OBJECT * objects
    print(f"{objects} objects, packs and indexes {packs / MIB:.1f} MiB: the bar on memory is {bar / MIB:.1f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--repository", type=Path)
    which.add_argument("--build", type=Path)
    parser.add_argument("--commits", type=int, default=40_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--program", type=Path, default=REPOSITORY / "target/release/hopx-leaks")
    arguments = parser.parse_args()
    if not arguments.program.is_file():
        misuse(f"{arguments.program} is not there; run `cargo build --release`, or name another with --program")
    if arguments.build:
        build(arguments.build, arguments.commits)
    folder = (arguments.repository or arguments.build).resolve()
    program = arguments.program.resolve()
    commits = git(folder, "rev-list", "--count", "--all").decode().strip()
    # 3: a repository that lacks objects is measured all the same.
    compare(f"as it is: {commits} commits", folder, program, arguments.threads, arguments.pairs, [0, 1, 3])
    scratch = Path(tempfile.mkdtemp())
    try:
        plant(folder, scratch / "planted")
        title = "with one key in one more commit, in a clone that borrows the objects"
        compare(title, scratch / "planted", program, arguments.threads, arguments.pairs, [1])
    finally:
        shutil.rmtree(scratch)


main()
