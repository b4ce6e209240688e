#!/usr/bin/env python3
"""Compares `hopx-leaks scan` with ripgrep on one tree, or on one stream, in turn and in the same run.

    benches/tree.py --tree DIR               an existing tree
    benches/tree.py --build DIR              a tree made from a seed: 60,000 files, about 1 GB
    benches/tree.py --build DIR --files 6000 --scale 0.5
    benches/tree.py --build DIR --files 512 --size 1024      files of 1 MiB each
    benches/tree.py --stdin 5                a stream of 5 GiB on standard input

Standard library only. Both programs write to /dev/null. The status is 0 when both ran, 2 on misuse: there is no time
limit in here, the numbers are for reading.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

SEED = 20261124
NEEDLE = "hopx_live_"
INSTALL_RG = "install it with `cargo install ripgrep --locked`, or name it with --rg PATH"
REPOSITORY = Path(__file__).resolve().parent.parent
MIB = 1 << 20


def misuse(message):
    print(f"tree.py: {message}", file=sys.stderr)
    sys.exit(2)


# Running.


class Run:
    """One finished child: wall, user and system seconds, peak MiB."""

    def __init__(self, command, status, wall, usage):
        # 0: nothing found, 1: something found (hopx-leaks) or nothing found (rg), 3: some archive can't be read
        # (hopx-leaks). Anything else is a failure.
        if not os.WIFEXITED(status) or os.WEXITSTATUS(status) not in (0, 1, 3):
            misuse(f"`{' '.join(command)}` ended with wait status {status}")
        self.wall = wall
        self.user = usage.ru_utime
        self.system = usage.ru_stime
        self.peak = usage.ru_maxrss / (MIB if sys.platform == "darwin" else 1024)


def run(command, feed=None):
    """Runs `command`; `feed`, if given, writes its standard input to the file descriptor it is handed."""
    null_in = os.open(os.devnull, os.O_RDONLY)
    null_out = os.open(os.devnull, os.O_WRONLY)
    read_end = write_end = None
    stdin = null_in
    if feed:
        read_end, write_end = os.pipe()
        stdin = read_end
    actions = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, null_out, 1), (os.POSIX_SPAWN_DUP2, null_out, 2)]
    begin = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    os.close(null_in)
    os.close(null_out)
    feeder = None
    if feed:
        os.close(read_end)
        feeder = threading.Thread(target=feed, args=(write_end,))
        feeder.start()
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - begin
    if feeder:
        feeder.join()
    return Run(command, status, wall, usage)


def compare(ours, theirs, pairs, feed=None):
    """Ours, theirs, ours, theirs: one pair to warm up, then `pairs` that count."""
    results = [(run(ours, feed), run(theirs, feed)) for _ in range(pairs + 1)][1:]
    return [pair[0] for pair in results], [pair[1] for pair in results]


def floor():
    """The least peak that can be measured: a child's starts at what this script held when it was spawned."""
    return run([shutil.which("true")]).peak


# Printing.


def seconds(values):
    return f"{statistics.median(values):8.3f}"


def table(names, columns, size):
    print(f"{'':12}{'wall s':>8}{'min':>8}{'max':>8}{'user s':>8}{'sys s':>8}{'GB/s':>8}{'peak MiB':>10}")
    for name, runs in zip(names, columns):
        walls = [one.wall for one in runs]
        median = statistics.median(walls)
        print(
            f"{name:12}{median:8.3f}{min(walls):8.3f}{max(walls):8.3f}"
            f"{seconds([one.user for one in runs])}{seconds([one.system for one in runs])}"
            f"{size / median / 1e9:8.2f}{max(one.peak for one in runs):10.1f}"
        )
    ratios = [ours.wall / theirs.wall for ours, theirs in zip(*columns)]
    print(f"{names[0]} / {names[1]}, pair by pair: {statistics.median(ratios):.3f}"
          f" (min {min(ratios):.3f}, max {max(ratios):.3f}, {len(ratios)} pairs)")
    print(f"a peak below {floor():.1f} MiB can't be told: that is this script's own")


# Trees.


WORDS = (
    "value index result buffer config parser token stream handler request response client server user session "
    "key test live data error message path name file line count size offset length node edge graph table row "
    "column field type kind state event queue worker thread lock cache store load save open close read write"
).split()
LINES = (
    "    let {0} = self.{1}.{2}({3})?;",
    "    if {0}.{1}() != {2} {{",
    "    }}",
    "    return {0}({1}, {2}[{3}]);",
    "    // The {0} of the {1} holds the {2}, see {3}.",
    "fn {0}_{1}({2}: &{3}) -> Option<usize> {{",
    "const {0}_{1} = \"{2}/{3}\";",
    "import {{ {0}, {1} }} from './{2}/{3}.js';",
    "        self.{0}[{1}] = {2} + {3} * 0x7f;",
    "",
    "    <td class=\"{0}-{1}\">{2} {3}</td>",
    "  \"{0}\": {{ \"{1}\": [\"{2}\", \"{3}\"] }},",
)


def text(rng, size):
    """Source-like text: lines of code from templates and a vocabulary, so that no stretch of it repeats."""
    lines, length = [], 0
    while length < size:
        line = rng.choice(LINES).format(*rng.choices(WORDS, k=4))
        lines.append(line)
        length += len(line) + 1
    return "\n".join(lines).encode()[:size]


def sizes(rng, count, scale):
    """Sizes like those of a source tree: 96 in 100 small, a few of 100 KiB to 1 MiB, three of tens of MiB."""
    for index in range(count):
        draw = rng.random()
        if index in (count // 4, count // 2, 3 * count // 4):
            size = rng.randint(16, 48) * MIB
        elif draw < 0.02:
            size = 0 if draw < 0.005 else rng.randint(1, 64)
        elif draw < 0.98:
            size = min(int(rng.lognormvariate(8.0, 1.2)), 96 * 1024)
        else:
            size = int(100 * 1024 * (10 ** rng.random()))
        yield int(size * scale)


def build(top, count, scale, kib):
    """Writes the tree below `top`. The same arguments give the same bytes."""
    top.mkdir(parents=True, exist_ok=True)
    if any(top.iterdir()):
        misuse(f"{top} is not empty; remove it, or measure it as it is with --tree")
    # In a child, so that what is held here stays small: see `floor`.
    child = os.fork()
    if child == 0:
        write_tree(top, count, scale, kib)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status != 0:
        misuse(f"the tree could not be written to {top}")


def write_tree(top, count, scale, kib):
    rng = random.Random(SEED)
    pool = text(rng, 8 * MIB)
    endings = ("rs", "js", "py", "c", "h", "md", "json", "html", "go", "txt")
    folders = [top]
    for size in [kib * 1024] * count if kib else sizes(rng, count, scale):
        # About 12 files a folder. A new folder hangs below any other, rather an old one: most are 3 to 8 deep.
        if rng.random() < 1 / 12:
            parent = folders[int(len(folders) * rng.random() ** 2)]
            folders.append(parent / f"{rng.choice(WORDS)}{len(folders)}")
        folder = rng.choice(folders[-8:])
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / f"{rng.choice(WORDS)}_{rng.randrange(1 << 30)}.{rng.choice(endings)}", "wb") as file:
            while size > 0:
                start = rng.randrange(len(pool) - min(size, 4 * MIB) + 1)
                piece = pool[start:start + min(size, 4 * MIB)]
                file.write(piece)
                size -= len(piece)


def measure(top):
    """How many files are in the tree, and how many bytes they hold together. Links are not followed."""
    files = size = 0
    for folder, _, names in os.walk(top):
        for name in names:
            status = os.lstat(os.path.join(folder, name))
            files += 1
            size += status.st_size
    return files, size


# Streams.


def feeder(gib):
    """Writes `gib` GiB of text: the same 1 MiB again and again, which costs a copy into the pipe and no more."""
    block = text(random.Random(SEED), MIB)

    def feed(descriptor):
        try:
            for _ in range(int(gib * 1024)):
                rest = memoryview(block)
                while rest:
                    rest = rest[os.write(descriptor, rest):]
        except BrokenPipeError:
            pass
        finally:
            os.close(descriptor)

    return feed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--tree", type=Path, metavar="DIR", help="measure this tree")
    what.add_argument("--build", type=Path, metavar="DIR", help="make a tree there, then measure it")
    what.add_argument("--stdin", type=float, metavar="GIB", help="measure a stream of so many GiB")
    parser.add_argument("--files", type=int, default=60_000, metavar="N", help="files to make (60000)")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the size of each file made (1.0)")
    parser.add_argument("--size", type=int, metavar="KIB", help="make files of this one size instead")
    parser.add_argument("--pairs", type=int, metavar="N", help="pairs that count (9; 3 for a stream)")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="threads of both programs (2)")
    parser.add_argument("--hopx-leaks", type=Path, metavar="PATH", default=REPOSITORY / "target/release/hopx-leaks",
                        help="the binary (target/release/hopx-leaks)")
    parser.add_argument("--rg", metavar="PATH", help="ripgrep (the one in PATH)")
    options = parser.parse_args()

    ours = options.hopx_leaks
    if not os.access(ours, os.X_OK):
        misuse(f"there is no {ours}; build it with `cargo build --release`, or name it with --hopx-leaks PATH")
    rg = shutil.which(options.rg or "rg")
    if not rg:
        misuse(f"there is no ripgrep; {INSTALL_RG}")
    pairs = options.pairs if options.pairs is not None else 3 if options.stdin is not None else 9
    if pairs < 1 or options.files < 1 or options.threads < 1 or options.scale <= 0:
        misuse("--pairs, --files, --threads and --scale must be above 0")
    threads = f"-j{options.threads}"

    for program in (str(ours), rg):
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
        print(version.splitlines()[0] if version else program)

    if options.stdin is not None:
        if options.stdin <= 0:
            misuse("--stdin takes a number of GiB above 0")
        size = int(options.stdin * 1024) * MIB
        print(f"stream: {size / MIB / 1024:g} GiB, {size} bytes")
        columns = compare([str(ours), "-"], [rg, "-a", "-F", "-c", NEEDLE, "-"], pairs, feeder(options.stdin))
    else:
        if options.build:
            build(options.build, options.files, options.scale, options.size)
        top = options.build or options.tree
        if not top.is_dir():
            misuse(f"{top} is not a folder")
        files, size = measure(top)
        print(f"tree: {files} files, {size} bytes")
        columns = compare([str(ours), "scan", "--no-ignore", threads, str(top)],
                          [rg, "-uuu", "-a", "-F", "-c", threads, NEEDLE, str(top)], pairs)
    table(("hopx-leaks", "rg"), columns, size)


if __name__ == "__main__":
    main()
