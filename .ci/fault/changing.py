"""Files that change while they are scanned: between being listed and being opened, and between being opened and read."""

import os
import shutil

import bench

LARGE = 3 << 20
CALLS = ("openat", "read", "mmap", "getdents64", "pread64")


def text(*keys, size=0, keys_first=True):
    body = "".join(f"K={key}\n" for key in keys)
    filler = "nothing here\n" * max(0, (size - len(body)) // 13)
    return body + filler if keys_first else filler + body


# What is done to a file with the key `before`, and whether the key `after` is there from then on. `before` stands last in the file.
def empty(path, after):
    os.truncate(path, 0)


def cut(path, after):
    os.truncate(path, os.path.getsize(path) // 2)


def grow(path, after):
    with open(path, "a", encoding="ascii") as file:
        file.write(f"K={after}\n")
    return True


def vanish(path, after):
    shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


def pipe(path, after):
    vanish(path, after)
    os.mkfifo(path)


def link(path, after):
    vanish(path, after)
    os.symlink(after, path)
    return True


def folder(path, after):
    vanish(path, after)
    os.mkdir(path)
    with open(f"{path}/new.env", "w", encoding="ascii") as file:
        file.write(f"K={after}\n")
    return True


def file(path, after):
    vanish(path, after)
    with open(path, "w", encoding="ascii") as new:
        new.write(f"K={after}\n")
    return True


def rename(path, after):
    with open(f"{path}.new", "w", encoding="ascii") as new:
        new.write(f"K={after}\n")
    os.replace(f"{path}.new", path)
    return True


def locked(path, after):
    os.chmod(path, 0)


FILE = (empty, cut, grow, vanish, pipe, link, folder, rename)
FOLDER = (vanish, pipe, link, file)
# The call before which it happens, and how often it has been made for this file then.
OPENING, AGAIN, READING, MAPPING, NEXT_MAP = ("openat", 1), ("openat", 2), ("read", 1), ("mmap", 1), ("mmap", 2)


def cases():
    for change in FILE:
        yield "a small file", change, OPENING, 0
        yield "a large file", change, OPENING, LARGE
    for change in (empty, cut, vanish, pipe, link, folder, rename):
        yield "a small file that is open", change, READING, 0
        yield "a large file that is open", change, MAPPING, LARGE
        yield "a large file that is half read", change, NEXT_MAP, 10 << 20
    for change in FILE:
        yield "a file with two names, read at last", change, AGAIN, None
    for change in FOLDER:
        yield "a folder", change, OPENING, -1


def one(case):
    number, what, change, (name, times), size = case
    top = bench.folder(f"changing/{number}")
    before, after, other = bench.key(), bench.key(), bench.key()
    (top / "other.env").write_text(text(other))
    victim = top / "victim"
    if size == -1:
        victim.mkdir()
        (victim / "old.env").write_text(text(before))
    else:
        victim.write_text(text(before, size=size or 0, keys_first=False))
    if size is None:
        # The first name in order is the one that is read, once both have been met.
        os.link(victim, top / "victim-too")
    count, is_there = 0, None

    def watch(_, call):
        nonlocal count, is_there
        if is_there is None and call.name == name and call.path() == str(victim):
            count += 1
            if count == times:
                is_there = bool(change(str(victim), after))
        return 0

    run = bench.run(["scan", "-f", "json", "-j", "1", "--progress", "never", "."], top, calls=CALLS, watch=watch)
    shutil.rmtree(top)
    if is_there is None:
        return what, change.__name__, run.ending(), "it was never reached"
    is_opening = name == "openat"
    # What is there from the opening on has to be found, and what was there until then and is a part of what is read.
    wanted = [bench.id_of(other)]
    if is_there and is_opening:
        wanted.append(bench.id_of(after))
    if not is_opening or change is grow or (size is None and change not in (empty, cut)):
        wanted.append(bench.id_of(before))
    cause = bench.wrong(run, wanted, ["victim"])
    report = bench.report_of(run)
    seen = "no report" if report is None else "found" if {bench.id_of(before), bench.id_of(after)} & bench.ids(report) else \
        "a problem" if not report["complete"] else "left out, as what it is now"
    return what, change.__name__, seen, cause


def all_faults(is_all):
    rounds = 20 if is_all else 1
    tried = [(number, *case) for number, case in enumerate(case for case in cases() for _ in range(rounds))]
    rows = {}
    for what, change, seen, cause in bench.each(one, tried):
        rows.setdefault((what, change), []).append((seen, cause))
    for (what, change), outcomes in rows.items():
        bench.row(f"{what}: {change}", bench.tally(seen for seen, _ in outcomes), [cause for _, cause in outcomes if cause])
