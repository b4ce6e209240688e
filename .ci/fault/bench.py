"""What all faults share: keys, a scratch folder, runs, what is required of each, and the rows of the output."""

import base64
import concurrent.futures
import json
import os
import pathlib
import secrets
import string
import subprocess
import sys
import tempfile

import supervise

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
SCRATCH = pathlib.Path(os.path.realpath(tempfile.mkdtemp(prefix="hopx-leaks-faults-")))
ENV = {
    "PATH": os.environ["PATH"], "HOME": f"{SCRATCH}/home", "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
       for what, value in (("NAME", "CI"), ("EMAIL", "ci@example.invalid"), ("DATE", "2026-01-02T03:04:05Z"))},
}
SECRETS = []
BAD = []


def key(kind="live"):
    """A key; its secret half is remembered, so that it can be looked for in everything that is said."""
    name = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(12))
    half = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    SECRETS.append(half)
    return f"hopx_{kind}_{name}.{half}"


def id_of(text):
    return text.split("_", 2)[2].split(".")[0]


def folder(name):
    made = SCRATCH / name
    made.mkdir(parents=True)
    return made


def git(where, *arguments):
    subprocess.run(["git", "-C", where, *arguments], check=True, capture_output=True, env=ENV)


def run(arguments, where=SCRATCH, **how):
    return supervise.run([PROGRAM, *arguments], where, ENV, **how)


def report_of(run):
    """The report in JSON on standard output; None where there is none."""
    try:
        return json.loads(run.stdout)
    except ValueError:
        return None


def ids(report):
    return {finding["key_id"] for finding in report["findings"]}


def wrong(run, wanted, names=()):
    """What is wrong with a run that should have found the keys `wanted`, or else said which of `names` it could not read.

    None where nothing is. A key counts as lost where it is not found and nothing says that the scan is incomplete.
    """
    if run.is_hung:
        return "hangs"
    if "panicked" in run.stderr or run.signal is not None or run.status not in (0, 1, 2, 3):
        return f"dies: {run.ending()}: {run.stderr[-300:]!r}"
    if any(half in run.stderr or half.encode() in run.stdout for half in SECRETS):
        return "says a secret"
    if run.status == 2:
        return None if run.stderr.strip() else "status 2 without a message"
    report = report_of(run)
    if report is None:
        return f"{run.ending()} without a report: {run.stderr[-300:]!r}"
    lost = set(wanted) - ids(report)
    if not lost:
        return None
    if report["complete"]:
        return f"{run.ending()}, complete, and {len(lost)} of {len(wanted)} keys are lost"
    if run.status not in (1, 3):
        return f"status {run.status} from an incomplete scan"
    if not run.stderr.strip():
        return "no message"
    if names and not any(name in run.stderr for name in names):
        return f"no message names any of {names}: {run.stderr[-300:]!r}"
    return None


def row(fault, result, bad=None):
    """Prints what came of a fault. `bad` lists what was wrong."""
    if bad:
        BAD.append(fault)
    print(f"{'FAILED' if bad else 'ok':6} {fault}: {result}", flush=True)
    for line in (bad or [])[:8]:
        print(f"         {line}", flush=True)
    if bad and len(bad) > 8:
        print(f"         and {len(bad) - 8} more", flush=True)


def each(function, cases):
    """Does `function` for all cases, as many at a time as there are processors. The outcomes, in order."""
    cases = list(cases)
    with concurrent.futures.ProcessPoolExecutor() as pool:
        return list(pool.map(function, cases, chunksize=max(1, min(16, len(cases) // 16))))


def tally(endings):
    """How often each came, in words."""
    counts = {}
    for ending in endings:
        counts[ending] = counts.get(ending, 0) + 1
    return ", ".join(f"{count} x {ending}" for ending, count in sorted(counts.items(), key=lambda item: str(item[0])))


def clean():
    # Python's own removal goes no deeper than its stack.
    subprocess.run(["rm", "-rf", SCRATCH], check=True)
