"""Sizes: many findings, many files, large files, deep folders, long and odd names."""

import os

import bench
import writing

# What the most memory of a run with 100,000 findings has to be below, in KiB.
PEAK = 256 << 10
FINDINGS = 100_000


def plain(arguments, where, **how):
    return bench.run([*arguments, "--progress", "never"], where, **how)


def findings(files, is_all):
    """Reports of 100,000 findings in so many files: in a folder, and of a repository, where each has its commit."""
    top = bench.folder(f"sizes/findings-{files}")
    bench.git(top, "init", "-q")
    for number in range(files):
        folder = top / f"some/folder/of/the/tree/{number // 100}"
        folder.mkdir(parents=True, exist_ok=True)
        lines = (f"HOPX_API_KEY_{line}={bench.key()}\n" for line in range(FINDINGS // files))
        (folder / f"file-{number}.env").write_text("".join(lines))
    bench.git(top, "add", "-A")
    bench.git(top, "commit", "-qm", "A commit with keys")
    # They are many, and looking for each would take long; every other run is looked through.
    bench.SECRETS.clear()
    formats = (writing.FORMATS if files == 1000 else ("json",)) if is_all else ("json", "gitlab")
    modes = {"scan": ["scan", "."], "history": ["history", "."], "audit": ["audit", "."], "commits": ["commits", "HEAD"]}
    for mode in modes if is_all else ("scan",):
        peaks, bad = [], []
        for format in formats:
            with open(os.devnull, "wb") as nowhere:
                run = plain([*modes[mode], "-f", format], top, stdout=nowhere.fileno())
            peaks.append(f"{format} {run.peak >> 10}")
            if run.status != 1 or run.peak >= PEAK:
                bad.append(f"{format}: {run.ending()}, {run.peak >> 10} MiB")
        bench.row(f"{FINDINGS} findings in {files} files, {mode}, most memory in MiB", ", ".join(peaks), bad)


def files():
    """A million files, with a key in the last of each tenth."""
    top = bench.folder("sizes/files")
    keys = []
    for folder in range(1000):
        os.mkdir(top / f"{folder}")
        for number in range(1000):
            with open(f"{top}/{folder}/{number}", "w", encoding="ascii") as file:
                if number == 999 and folder % 100 == 99:
                    keys.append(bench.key())
                    file.write(keys[-1])
    expect("1,000,000 files", plain(["scan", "-f", "json", "."], top), keys)
    many = bench.folder("sizes/one-folder")
    key = bench.key()
    for number in range(200_000):
        with open(f"{many}/{number}", "w", encoding="ascii") as file:
            if number == 123_456:
                file.write(key)
    expect("200,000 files in one folder", plain(["scan", "-f", "json", "."], many), [key])


def expect(fault, run, keys, names=()):
    cause = bench.wrong(run, [bench.id_of(key) for key in keys], names)
    report = bench.report_of(run)
    seen = "no report" if report is None else "all found" if cause is None and report["complete"] else "a problem is counted"
    bench.row(fault, f"{run.ending()}, {seen}, {run.peak >> 10} MiB at the most", [cause] if cause else None)


def sparse():
    for fault, key in (("a sparse file of 10 GB", None), ("a sparse file of 10 GB with a key at its end", bench.key())):
        top = bench.folder(f"sizes/sparse-{bool(key)}")
        with open(top / "image", "wb") as file:
            file.truncate(10 * 1000**3)
            if key:
                file.seek(0, os.SEEK_END)
                file.write(key.encode())
        expect(fault, plain(["scan", "-f", "json", "."], top), [key] if key else [])


def deep():
    """Folders nested deeper than a path can be long, with a key at the bottom and one at the top."""
    top = bench.folder("sizes/deep")
    low, high = bench.key(), bench.key()
    (top / "top.env").write_text(high)
    back = os.open(".", os.O_RDONLY)
    os.chdir(top)
    for _ in range(4096):
        os.mkdir("d")
        os.chdir("d")
    with open("bottom.env", "w", encoding="ascii") as file:
        file.write(low)
    os.fchdir(back)
    os.close(back)
    expect("folders 4,096 deep", plain(["scan", "-f", "json", "."], top), [low, high], ["d/d/d"])


def names():
    top = bench.folder("sizes/names")
    keys = [bench.key() for _ in range(6)]
    # As long as a name may be.
    (top / "-".join(keys[:3]).ljust(255, "x")).touch()
    open(os.fsencode(top) + b"/\xff\xfe\n" + keys[3].encode() + b"\n\x1b[31m\xc3", "w", encoding="ascii").close()
    os.mkdir(os.fsencode(top) + b"/line\nbreak\xff")
    with open(os.fsencode(top) + b"/line\nbreak\xff/\xe2\x28", "w", encoding="ascii") as file:
        file.write(keys[4])
    os.symlink(os.fsencode(keys[5]) + b"\n\xff", top / "link")
    expect("a name of 255 bytes that is keys, names with line breaks and bytes that are not UTF-8",
           plain(["scan", "-f", "json", "."], top), keys)
    bad = []
    for format in writing.FORMATS:
        run = plain(["scan", "-f", format, "."], top)
        # There is no commit, which gitlab asks for.
        if run.status != (2 if format == "gitlab" else 1) or any(half.encode() in run.stdout for half in bench.SECRETS):
            bad.append(f"{format}: {run.ending()}: {run.stderr[-200:]!r}")
    bench.row("the same in each format", "status 1, no secret", bad)


def all_faults(is_all):
    names()
    deep()
    for count in (1, 1000, FINDINGS) if is_all else (1000,):
        findings(count, is_all)
    if is_all:
        files()
        sparse()
