"""A disk that is full, and a reader that goes away, at each write of each format."""

import errno
import os
import subprocess

import bench

FORMATS = ("text", "json", "jsonl", "sarif", "github", "gitlab", "junit", "csv", "markdown", "html", "rdjson", "gitleaks-json")
WRITES = ("write", "writev", "openat", "fchmod", "rename", "renameat", "renameat2")
# How many calls of a run are tried in the cheap half.
CHEAP = 4
KEYS = 150


def tree():
    """A repository, since gitlab needs a commit, with enough keys for several buffers of a report."""
    top = bench.folder("writing/tree")
    bench.git(top, "init", "-q")
    bench.git(top, "commit", "-q", "--allow-empty", "-m", "Start")
    for number in range(KEYS):
        (top / f"{number}.env").write_text(f"K={bench.key()}\n")
    return top


def stdout_fails(case):
    """The `nth` write to standard output fails."""
    format, nth, failure = case
    place = bench.SCRATCH / f"writing/out-{os.getpid()}"
    count = 0

    def watch(_, call):
        nonlocal count
        if call.path() != str(place):
            return 0
        count += 1
        return failure if count == nth else 0

    with open(place, "wb") as out:
        run = bench.run(["scan", "-f", format, "."], bench.SCRATCH / "writing/tree", calls=("write", "writev"), watch=watch,
                        stdout=out.fileno())
    os.remove(place)
    what = f"{format}, write {nth}: {run.ending()}, {run.stderr!r}"
    is_right = {
        0: run.status == 1 and run.stderr == "",
        errno.EPIPE: run.status == 1 and run.stderr == "",
        errno.ENOSPC: run.status == 2 and "cannot write the report to standard output: No space left" in run.stderr,
    }[failure]
    return run.ending(), count, None if is_right else what


def file_fails(case):
    """The `nth` call that is about a report which is written to a file fails."""
    format, nth, failure, is_there = case
    place = bench.SCRATCH / f"writing/reports-{os.getpid()}"
    place.mkdir()
    report = place / "report"
    if is_there:
        report.write_text("the report before\n")
    count, failed = 0, ""

    def watch(_, call):
        nonlocal count, failed
        path = call.path()
        if path is None or not path.startswith(f"{place}/"):
            return 0
        count += 1
        if count != nth:
            return 0
        failed = call.name
        return failure

    option = ["--write-baseline", report] if format == "baseline" else ["-o", f"{format}={report}"]
    run = bench.run(["scan", "-q", *option, "."], bench.SCRATCH / "writing/tree", calls=WRITES, watch=watch)
    files = {path.name: path.read_text() for path in place.iterdir()}
    subprocess.run(["rm", "-rf", place], check=True)
    wanted = {"report": "the report before\n"} if is_there else {}
    what = f"{format}, {failed} (call {nth}): {run.ending()}, {sorted(files)}, {run.stderr!r}"
    if nth == 0:
        is_right = run.status == (0 if format == "baseline" else 1) and set(files) == {"report"} and files != wanted
    else:
        is_right = run.status == 2 and "cannot write the" in run.stderr and files == wanted
    return run.ending(), count, None if is_right else what


def places(count, is_all):
    """Which of `count` calls are tried."""
    if is_all or count <= CHEAP:
        return range(1, count + 1)
    return sorted({1 + at * (count - 1) // (CHEAP - 1) for at in range(CHEAP)})


def each_call(fault, function, formats, failures, is_all):
    """Each call of each format fails, in each way."""
    first = bench.each(function, [(format, 0, *failures[0]) if len(failures[0]) > 1 else (format, 0, 0) for format in formats])
    bad = [cause for *_, cause in first if cause]
    cases = [(format, nth, *failure) for format, (_, count, _) in zip(formats, first)
             for nth in places(count, is_all) for failure in failures]
    outcomes = bench.each(function, cases)
    bad += [cause for *_, cause in outcomes if cause]
    bench.row(f"{fault}, {len(cases)} times in {len(formats)} formats", bench.tally(end for end, *_ in outcomes), bad)


def devices():
    """A device that is full, and a pipe without a reader."""
    top = bench.SCRATCH / "writing/tree"
    for fault, arguments, place in (("standard output is /dev/full", (), "/dev/full"),
                                    ("--output /dev/full", ("-q", "-o", "FORMAT=/dev/full"), None)):
        bad = []
        for format in FORMATS:
            words = [word.replace("FORMAT", format) for word in arguments] or ["-f", format]
            with open(place or os.devnull, "wb") as out:
                run = bench.run(["scan", *words, "."], top, stdout=out.fileno())
            if run.status != 2 or "No space left" not in run.stderr:
                bad.append(f"{format}: {run.ending()}, {run.stderr!r}")
        bench.row(fault, f"{len(FORMATS)} formats", bad)
    bad = []
    for format in FORMATS:
        reader, writer = os.pipe()
        os.close(reader)
        run = bench.run(["scan", "-f", format, "."], top, stdout=writer)
        os.close(writer)
        if run.status != 1 or run.stderr:
            bad.append(f"{format}: {run.ending()}, {run.stderr!r}")
    bench.row("standard output is a pipe without a reader", f"{len(FORMATS)} formats, status 1", bad)


# In a name space of its own: a file system with too little room for the report.
FULL = """
set -eu
mount -t tmpfs -o size=16k none "$1"
status=0
"$2" scan -q -o "$3=$1/report" "$4" || status=$?
[ -z "$(ls -A "$1")" ] || { ls -A "$1"; exit 9; }
exit "$status"
"""


def small_file_system():
    place = bench.folder("writing/small")
    formats = [format for format in FORMATS if format != "github"]
    share = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    if subprocess.run([*share, "true"], capture_output=True, check=False).returncode != 0:
        bench.row("a file system of 16 KiB", "not tried, since there are no mount name spaces for this user here")
        return
    bad = []
    for format in formats:
        done = subprocess.run([*share, "sh", "-c", FULL, "sh", place, bench.PROGRAM, format, "."], capture_output=True, text=True,
                              check=False, env=bench.ENV, cwd=bench.SCRATCH / "writing/tree")
        if done.returncode != 2 or "No space left" not in done.stderr:
            bad.append(f"{format}: status {done.returncode}, {done.stdout!r} {done.stderr!r}")
    bench.row("a file system of 16 KiB", f"{len(formats)} formats, status 2, nothing left on it", bad)


def all_faults(is_all):
    tree()
    each_call("a write to standard output ends with ENOSPC", stdout_fails, FORMATS, [(errno.ENOSPC,)], is_all)
    each_call("a write to standard output ends with EPIPE", stdout_fails, FORMATS, [(errno.EPIPE,)], is_all)
    formats = (*FORMATS, "baseline")
    for failure in (errno.ENOSPC, errno.EIO):
        for is_there in (False, True):
            which = "that replaces one" if is_there else "that is new"
            each_call(f"a call for a report {which} ends with {errno.errorcode[failure]}", file_fails, formats,
                      [(failure, is_there)], is_all)
    devices()
    small_file_system()
