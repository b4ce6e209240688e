"""A disk that fails: every call that reads a tree with keys in it, one after the other, ends with EIO."""

import errno
import functools
import os
import tarfile
import zipfile

import bench

READS = ("read", "open", "stat", "fstat", "lstat", "mmap", "pread64", "readlink", "getdents64", "openat", "newfstatat",
         "readlinkat", "statx")
# Those whose answer may not be needed.
STATS = ("stat", "fstat", "lstat", "newfstatat", "statx", "readlink", "readlinkat")
# How many calls of a run are tried in the cheap half.
CHEAP = 150


@functools.cache
def files():
    """A folder without a repository, and its keys by the place of each."""
    top = bench.folder("disk/files")
    keys = {name: bench.key() for name in ("a.env", "deep/er/b.txt", "link", "large.log", "hard", "name", "zip", "tar", "list", "appended")}
    (top / "deep/er").mkdir(parents=True)
    (top / "a.env").write_text(f"A={keys['a.env']}\n")
    (top / "deep/er/b.txt").write_text(f"B={keys['deep/er/b.txt']}\n")
    os.symlink(keys["link"], top / "link")
    (top / "large.log").write_text("nothing here\n" * 200_000 + keys["large.log"] + "\n")
    (top / "hard").write_text(keys["hard"])
    os.link(top / "hard", top / "deep/hard")
    (top / keys["name"]).write_text("nothing\n")
    with zipfile.ZipFile(top / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m.txt", f"Z={keys['zip']}\n")
        archive.writestr("filler", os.urandom(1 << 21))
    with tarfile.open(top / "a.tar.gz", "w:gz") as archive:
        archive.add(top / "deep/er/b.txt", "n.txt")
    # An archive behind something else, as in an installer, is known by its end alone.
    with zipfile.ZipFile(top / "installer", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m.txt", f"I={keys['appended']}\n")
    (top / "installer").write_bytes(b"nothing here\n" * 200_000 + (top / "installer").read_bytes())
    (bench.SCRATCH / "disk/listed").write_text(f"L={keys['list']}\n")
    return keys


@functools.cache
def repository():
    """A repository with keys in all that holds any: packs, loose objects, the index, messages, a tag, a stash, an ignored file."""
    top = bench.folder("disk/repository")
    names = ("packed", "delta", "message", "tag", "branch", "loose", "stash", "tracked", "staged", "untracked", "log", "tree")
    keys = {name: bench.key() for name in names}
    put = lambda name, text: (top / name).write_text(text)
    git = lambda *arguments: bench.git(top, *arguments)
    git("init", "-q", "-b", "main")
    put("a.txt", f"P={keys['packed']}\n")
    put("b.txt", "".join(f"line {number}\n" for number in range(3000)))
    git("add", "-A")
    git("commit", "-qm", "Start")
    put("a.txt", "P=\n")
    put("b.txt", "".join(f"line {number}\n" for number in range(3000)) + keys["delta"] + "\n")
    git("commit", "-qam", f"Use {keys['message']}")
    put("b.txt", "nothing\n")
    put(".gitignore", "*.local\n")
    put("t.local", f"T={keys['tracked']}\n")
    git("add", "-Af", ".")
    git("commit", "-qm", "Go on")
    git("tag", "-a", "v1", "-m", f"Tag {keys['tag']}")
    git("checkout", "-qb", "side")
    put("side.txt", f"S={keys['branch']}\n")
    (top / f"{keys['tree']}.txt").write_text("nothing\n")
    git("add", "-A")
    git("commit", "-qm", "Side")
    git("checkout", "-q", "main")
    git("gc", "-q")
    put("c.txt", f"C={keys['loose']}\n")
    git("add", "c.txt")
    git("commit", "-qm", "Loose")
    put("c.txt", f"C={keys['stash']}\n")
    git("stash", "-q")
    git("commit", "-q", "--allow-empty", "-m", f"Gone {keys['log']}")
    git("reset", "-q", "--hard", "HEAD~1")
    put("d.txt", f"D={keys['staged']}\n")
    git("add", "d.txt")
    put("u.txt", f"U={keys['untracked']}\n")
    return keys


def modes(files, repository):
    """By name: arguments, and the keys that have to be found."""
    of = lambda keys, *names: [bench.id_of(keys[name]) for name in names]
    in_files = [name for name in files if name not in ("tar", "list")]
    in_history = [name for name in repository if name not in ("untracked",)]
    return {
        "scan of files": (["scan", "files"], of(files, *in_files)),
        "scan of a list": (["scan", "--files-from", "list"], of(files, "list", "a.env")),
        "scan of a repository": (["scan", "repository"], of(repository, "tracked", "staged", "untracked", "loose")),
        "staged": (["-C", "repository", "staged"], of(repository, "staged")),
        "commits": (["-C", "repository", "commits", "main", "side"],
                    of(repository, "packed", "delta", "message", "tracked", "branch", "loose")),
        "history": (["history", "repository"], of(repository, *in_history)),
        "audit": (["audit", "repository"], of(repository, *repository)),
    }


def is_watched(call, top):
    path = call.path()
    return path if path is not None and (path == top or path.startswith(top + "/")) else None


def fail_nth(arguments, nth, top, failure=errno.EIO, seen=None):
    """A run whose `nth` call about something below `top` fails, and that call."""
    count, failed = 0, []

    def watch(_, call):
        nonlocal count
        path = is_watched(call, top)
        if path is None:
            return 0
        count += 1
        if seen is not None:
            seen.append((call.name, path))
        if count != nth:
            return 0
        failed.append((call.name, path))
        return failure

    run = bench.run([*arguments, "-f", "json", "-j", "1", "--progress", "never"], bench.SCRATCH / "disk", calls=READS, watch=watch)
    return run, failed


def named(path, top):
    """Names of which a message has to have one: the file's, or that of a folder around it."""
    below = os.path.relpath(path, top)
    return () if below == "." else below.split("/")


def one(case):
    """What comes of one failure: how it ends, and what is wrong with that."""
    arguments, wanted, nth, top = case
    run, failed = fail_nth(arguments, nth, top)
    if not failed:
        return run.ending(), None
    name, path = failed[0]
    cause = bench.wrong(run, wanted, named(path, top))
    report = bench.report_of(run)
    # Of what is in the folder without a repository each byte is read once, so that whatever fails is missing.
    if cause is None and report and report["complete"] and path.startswith(f"{top}/files") and name not in STATS:
        cause = f"{run.ending()}, and complete"
    place = os.path.relpath(path, top)
    return run.ending(), cause and f"{name} of {place} (call {nth}): {cause}"


def all_faults(is_all):
    kept = files(), repository()
    (bench.SCRATCH / "disk/list").write_text("listed\nfiles/a.env\n")
    top = str(bench.SCRATCH / "disk")
    for mode, (arguments, wanted) in modes(*kept).items():
        seen = []
        run, _ = fail_nth(arguments, 0, top, seen=seen)
        report = bench.report_of(run)
        missing = set(wanted) - bench.ids(report) if report else wanted
        if missing or not report["complete"]:
            bench.row(f"disk, {mode}", "no fault", [f"{run.ending()}, {len(missing)} keys are not found: {run.stderr}"])
            continue
        step = 1 if is_all else max(1, len(seen) // CHEAP)
        outcomes = bench.each(one, ((arguments, wanted, nth, top) for nth in range(1, len(seen) + 1, step)))
        bad = [cause for _, cause in outcomes if cause]
        share = "" if step == 1 else f", each {step}th tried"
        bench.row(f"EIO at each of {len(seen)} reading calls, {mode}{share}", bench.tally(end for end, _ in outcomes), bad)
