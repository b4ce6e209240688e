"""Signals at many moments of a run, each before a call that it is about to make."""

import json
import os
import signal
import subprocess

import bench
import disk
import writing

MOMENTS = 100
CALLS = (*disk.READS, *writing.WRITES, "clone", "clone3")


def ignore():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def default():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def one(case):
    arguments, nth, number, begin = case
    place = bench.SCRATCH / f"signals/reports-{os.getpid()}"
    place.mkdir(parents=True)
    count, moment = 0, ""

    def watch(pid, call):
        nonlocal count, moment
        count += 1
        if count == nth:
            moment = f"{call.name} of {call.path()} (call {nth})"
            os.kill(pid, number)
        return 0

    option = [f"json={place}/report"]
    run = bench.run([*arguments, "-q", "-o", *option], bench.SCRATCH / "disk", calls=CALLS, watch=watch, begin=begin)
    left = {path.name: path.read_text() for path in place.iterdir()}
    subprocess.run(["rm", "-rf", place], check=True)
    return run.ending(), count, wrong(run, left, number, begin is ignore) and f"{moment}: {wrong(run, left, number, begin is ignore)}"


def wrong(run, left, number, is_ignored):
    """What is wrong with a run that got a signal, and the files that it left."""
    if set(left) - {"report"}:
        return f"{run.ending()}, left {sorted(left)}"
    is_whole = False
    if left:
        try:
            is_whole = bool(json.loads(left["report"])["findings"])
        except ValueError:
            return f"{run.ending()}, left half a report"
    if run.status == 1 and is_whole:
        return None
    if is_ignored:
        return f"{run.ending()}, {run.stderr!r}"
    if left:
        return f"{run.ending()}, and yet a report"
    if run.status == 128 + number and "interrupted; no report was written" in run.stderr:
        return None
    # Before it listens.
    return None if run.signal == number else f"{run.ending()}, {run.stderr!r}"


def all_faults(is_all):
    disk.files()
    disk.repository()
    for mode, arguments in {"a scan": ["scan", "files"], "a sweep of history": ["history", "repository"],
                            "an audit": ["audit", "repository"]}.items():
        for number, begin in ((signal.SIGINT, default), (signal.SIGTERM, default), (signal.SIGHUP, default), (signal.SIGINT, ignore)):
            _, count, cause = one((arguments, 0, number, begin))
            moments = sorted({1 + at * (count - 1) // (MOMENTS - 1) for at in range(MOMENTS)})
            if is_all:
                moments = range(1, count + 1)
            outcomes = bench.each(one, ((arguments, nth, number, begin) for nth in moments))
            bad = [cause for *_, cause in outcomes if cause] + ([cause] if cause else [])
            ignored = ", which is ignored" if begin is ignore else ""
            bench.row(f"{signal.Signals(number).name}{ignored}, at {len(moments)} of {count} calls of {mode}",
                      bench.tally(end for end, *_ in outcomes), bad)
