"""Too little of what the system gives: memory, descriptors, threads."""

import errno
import os
import resource
import shutil

import bench
import disk

MEMORY = (4096, 1024, 512, 256, 192, 128, 96, 64, 48, 32, 24, 16, 12, 8, 4)
NOBODY = 65533


def limit(what, value):
    return lambda: resource.setrlimit(what, (value, value))


def dies_of_memory(run):
    """Whether it ended since memory could not be had, where Rust and the loader have nothing else to offer."""
    said = run.stderr
    return "memory allocation of" in said or "loading shared libraries" in said or "cannot start:" in said or \
        (run.signal is not None and not said)


def modes():
    wanted = disk.modes(disk.files(), disk.repository())
    return {mode: wanted[mode] for mode in ("scan of files", "history")}


def scan(arguments, **how):
    return bench.run([*arguments, "-f", "json", "-j", "4", "--progress", "always"], bench.SCRATCH / "disk", **how)


def memory(mode, arguments, wanted):
    least, bad, died = None, [], []
    for size in MEMORY:
        run = scan(arguments, begin=limit(resource.RLIMIT_AS, size << 20))
        report = bench.report_of(run)
        if report and report["complete"] and not set(wanted) - bench.ids(report):
            least = size
        elif dies_of_memory(run) and not run.is_hung:
            died.append(f"{size} MiB: {run.ending()}")
        elif cause := bench.wrong(run, wanted):
            bad.append(f"{size} MiB: {cause}")
    bench.row(f"ulimit -v, {len(MEMORY)} sizes, {mode}", f"whole with {least} MiB; no memory to start or go on: {', '.join(died)}", bad)


def descriptors(mode, arguments, wanted):
    endings, bad, least = [], [], None
    for count in range(3, 41):
        run = scan(arguments, begin=limit(resource.RLIMIT_NOFILE, count))
        endings.append(run.ending())
        report = bench.report_of(run)
        if least is None and report and report["complete"]:
            least = count
        cause = None if "loading shared libraries" in run.stderr else bench.wrong(run, wanted)
        if cause:
            bad.append(f"{count}: {cause}")
    bench.row(f"ulimit -n 3 to 40, {mode}", f"whole from {least} on; {bench.tally(endings)}", bad)


def no_thread(case):
    """The `nth` thread can't be started, and none after it."""
    arguments, wanted, nth = case
    count = 0

    def watch(_, call):
        nonlocal count
        count += 1
        return errno.EAGAIN if count >= nth else 0

    run = scan(arguments, calls=("clone", "clone3"), watch=watch)
    cause = bench.wrong(run, wanted)
    return run.ending(), count >= nth, cause and f"thread {nth}: {cause}"


def threads(mode, arguments, wanted):
    outcomes = [no_thread((arguments, wanted, nth)) for nth in range(1, 16)]
    tried = [ending for ending, is_reached, _ in outcomes if is_reached]
    bad = [cause for *_, cause in outcomes if cause]
    bench.row(f"from the Nth thread on none can be started, {len(tried)} times, {mode}", bench.tally(tried), bad)


def processes(mode, arguments, wanted):
    if os.geteuid() != 0:
        bench.row(f"ulimit -u, {mode}", "not tried, since it takes root to become another user")
        return

    def begin(count):
        def become():
            resource.setrlimit(resource.RLIMIT_NPROC, (count, count))
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        return become

    # Where another user can read it.
    os.chmod(bench.SCRATCH, 0o755)
    program = bench.SCRATCH / "program"
    shutil.copy(bench.PROGRAM, program)
    bad, endings, least = [], [], None
    for count in range(1, 25):
        run = bench.supervise.run([program, *arguments, "-f", "json", "-j", "4", "--progress", "always"], bench.SCRATCH / "disk",
                                  {**bench.ENV, "GIT_CONFIG_COUNT": "0"}, begin=begin(count))
        endings.append(run.ending())
        report = bench.report_of(run)
        if least is None and report and report["complete"]:
            least = count
        if "cannot start:" not in run.stderr and (cause := bench.wrong(run, wanted)):
            bad.append(f"{count}: {cause}")
    bench.row(f"ulimit -u 1 to 24, {mode}", f"whole from {least} on; {bench.tally(endings)} (125: it could not be started)", bad)


def all_faults(_):
    for mode, (arguments, wanted) in modes().items():
        for fault in (memory, descriptors, threads, processes):
            fault(mode, arguments, wanted)
