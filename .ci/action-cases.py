"""Tries action.yml on the events of GitHub, in clones as actions/checkout makes them, from repositories made by git.

Usage: action-cases.py PATH-OF-HOPX-LEAKS [CASE]... Needs bash, git, curl, openssl, PyYAML, and act in ACT. Every key is made here and now.
"""

import base64
import contextlib
import hashlib
import http.server
import itertools
import json
import os
import pathlib
import secrets
import shutil
import ssl
import string
import subprocess
import sys
import tarfile
import tempfile
import threading
import traceback

import composite

PROJECT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = pathlib.Path(sys.argv[1]).resolve()
SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="hopx-leaks-action-"))
NUMBERS = itertools.count()
ZEROS = "0" * 40
HALVES = []
ENV = {
    "PATH": os.environ["PATH"], "HOME": f"{SCRATCH}/home", "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
       for what, value in (("NAME", "CI"), ("EMAIL", "ci@example.invalid"), ("DATE", "2026-01-02T03:04:05Z"))},
    # Nothing is verified here; were it, it would end at a closed door.
    "HOPX_LEAKS_API_URL": "http://127.0.0.1:9",
}


def key(kind="live"):
    made = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(12))
    half = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    HALVES.append(half)
    return f"hopx_{kind}_{made}.{half}"


def said_version():
    return subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True).stdout.strip()


def id_of(made):
    return made.split("_", 2)[2].split(".")[0]


class Repository:
    """A repository with one commit on main."""

    def __init__(self):
        self.path = SCRATCH / f"repository-{next(NUMBERS)}"
        self.path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.first = self.commit({"readme.txt": "something\n"})

    def git(self, *arguments, **more):
        ran = subprocess.run(["git", *arguments], cwd=self.path, env=ENV, check=True, capture_output=True, text=True, **more)
        return ran.stdout.strip()

    def commit(self, files, message="Change"):
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def branch(self, name, start="HEAD"):
        self.git("switch", "--quiet", "--create", name, start)

    def checkout(self, revision, depth=0, ref=None, into="."):
        """A workspace with a clone as actions/checkout leaves it: depth 0 has all branches and tags, 1 one commit."""
        workspace = SCRATCH / f"workspace-{next(NUMBERS)}"
        clone = workspace / into
        clone.mkdir(parents=True)
        git = lambda *arguments: subprocess.run(["git", *arguments], cwd=clone, env=ENV, check=True, capture_output=True)
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        wanted = self.git("rev-parse", f"{revision}^{{commit}}")
        git("init", "--quiet")
        git("remote", "add", "origin", f"file://{self.path}")
        if depth == 0:
            git("fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
            git("fetch", "--quiet", "origin", f"+{wanted}:{ref or 'refs/remotes/pull/1/merge'}")
        else:
            git("fetch", "--quiet", f"--depth={depth}", "--no-tags", "origin", f"+{wanted}:refs/remotes/pull/1/merge")
        git("checkout", "--quiet", "--detach", wanted)
        return workspace

    def pull_request(self, files_of_commits, fork=False):
        """A branch with these commits, merged for the check as GitHub does: the event and the merge's id."""
        base = self.git("rev-parse", "main")
        self.branch("change", "main")
        for files in files_of_commits:
            self.commit(files)
        head = self.git("rev-parse", "HEAD")
        self.git("switch", "--quiet", "--detach", "main")
        self.git("merge", "--quiet", "--no-ff", "--message", f"Merge {head} into {base}", "change")
        merge = self.git("rev-parse", "HEAD")
        self.git("switch", "--quiet", "main")
        if fork:
            # The branch is in another repository; here are refs that no clone fetches by itself.
            self.git("update-ref", "refs/pull/1/head", head)
            self.git("update-ref", "refs/pull/1/merge", merge)
            self.git("branch", "--quiet", "-D", "change")
        event = {"event_name": "pull_request", "ref": "refs/pull/1/merge", "sha": merge,
                 "event": {"pull_request": {"base": {"sha": base}, "head": {"sha": head}}}}
        return event, merge

    def push(self, before, after, ref="refs/heads/main"):
        commit = after if after == ZEROS else self.git("rev-parse", f"{after}^{{commit}}")
        return {"event_name": "push", "ref": ref, "sha": commit, "event": {"before": before, "after": after}}


def run(workspace, event, action=PROJECT, env=None, runner=("Linux", "X64"), temp=None, **inputs):
    """Runs the action, with the given program unless the inputs say otherwise; dashes in inputs are written as _."""
    inputs = {name.replace("_", "-"): value for name, value in inputs.items()}
    if not {"binary", "build", "version", "sha256"} & set(inputs):
        inputs["binary"] = str(PROGRAM)
    github = {"server_url": "https://localhost", "action_repository": "owner/hopx-leaks", "token": "token", **event}
    github["event"] = {"repository": {"default_branch": "main"}, **event.get("event", {})}
    temp = temp or SCRATCH / f"temp-{next(NUMBERS)}"
    ran = composite.Run(action, workspace, temp, inputs, github, {**ENV, **(env or {})}, runner)
    ran.temp = temp
    # No secret is in the log, in the summary, or in any file that is left behind.
    for half in HALVES:
        for text in [ran.log, ran.summary, str(ran.outputs)]:
            assert half[:12] not in text, "a secret is shown"
        for path in temp.rglob("*"):
            if path.is_file() and path.stat().st_size < 1 << 20:
                assert half[:12].encode() not in path.read_bytes(), f"{path.name} holds a secret"
    return ran


def expect(ran, status, found=None, **outputs):
    """Holds the conclusion, the outputs and the findings of a run to what they must be."""
    shown = f"{ran.outputs}\n{ran.log}"
    assert ran.outputs["exit-code"] == str(status), shown
    assert ran.conclusion == ("success" if status == 0 else "failure"), shown
    for name, value in outputs.items():
        assert ran.outputs[name.replace("_", "-")] == value, (name, shown)
    if found is not None:
        assert ran.outputs["findings"] == str(len(found)), shown
        for made in found:
            assert f"{id_of(made)}.****" in ran.log and (not ran.summary or id_of(made) in ran.summary), shown
    if status == 2:
        assert ran.messages("error", "warning"), shown
        assert ran.outputs["complete"] == "false", shown
    return ran


def refused(ran, words):
    """Holds a run to one that ended before anything was scanned, for the reason that is annotated."""
    assert ran.conclusion == "failure" and ran.outputs["exit-code"] == "2" and ran.outputs["findings"] == "", ran.log
    [message] = ran.messages("error")
    assert words in message, ran.log


# Pull requests.

def pull_request_without_a_leak():
    repository = Repository()
    old = key()
    repository.commit({"old.env": old})
    repository.commit({"old.env": None})
    event, merge = repository.pull_request([{"a.txt": "a\n"}, {"b.txt": "b\n"}])
    pull = event["event"]["pull_request"]
    base, head = pull["base"]["sha"], pull["head"]["sha"]
    workspace = repository.checkout(merge)
    ran = expect(run(workspace, event), 0, [], complete="true", mode="range", scanned_range=f"{base}..{head}")
    assert not composite.commands(ran.log) and "no leaks" in ran.summary.lower(), ran.summary
    assert f"hopx-leaks {ran.outputs['version']}" == said_version(), ran.outputs
    # What is in the history alone is found where the history is asked for.
    expect(run(workspace, event, mode="history"), 1, [old], mode="history")


def pull_request_with_a_leak():
    repository = Repository()
    shown, hidden = key(), key()
    event, merge = repository.pull_request([{"a.env": f"x\n {shown}\n", "b.env": hidden}, {"b.env": None}])
    ran = expect(run(repository.checkout(merge), event), 1, [shown, hidden], keys="2", live="0")
    annotated = [(about.get("file"), about.get("line")) for name, about, _ in composite.commands(ran.log) if name == "error"]
    assert ("a.env", "2") in annotated and len(annotated) == 2, annotated
    assert id_of(hidden) in ran.summary
    sarif = pathlib.Path(ran.outputs["sarif-file"]).read_text()
    assert id_of(shown) in sarif and id_of(hidden) in sarif and ran.outputs["json-file"].endswith("/report.json")


def pull_request_from_a_fork():
    repository = Repository()
    made = key()
    event, merge = repository.pull_request([{"a.env": made}], fork=True)
    expect(run(repository.checkout(merge), event), 1, [made])


def pull_request_that_allows_its_own_leak():
    repository = Repository()
    made = key()
    allow = f'[[allow]]\nkey-id = "{id_of(made)}"\nreason = "it is mine"\n'
    event, merge = repository.pull_request([{"a.env": f"{made} # hopx-leaks:allow\n", ".hopx-leaks.toml": allow}])
    workspace = repository.checkout(merge)
    expect(run(workspace, event), 1, [made])
    expect(run(workspace, event, mode="worktree"), 1, [made])
    expect(run(workspace, event, config_from="refs/remotes/origin/main"), 1, [made])
    expect(run(workspace, event, config_from="worktree"), 0, [])


def pull_request_in_a_shallow_clone():
    repository = Repository()
    event, merge = repository.pull_request([{"a.txt": "a\n"}])
    for mode in ["auto", "worktree"]:
        ran = run(repository.checkout(merge, depth=1), event, mode=mode)
        refused(ran, "fetch-depth: 0")
    for mode in ["history", "audit"]:
        ran = run(repository.checkout(merge, depth=1), event, mode=mode, config_from="worktree")
        expect(ran, 3, [], complete="false")
        assert any("fetch-depth: 0" in message for message in ran.messages("warning")), ran.log


def pull_request_target():
    repository = Repository()
    made = key()
    event, merge = repository.pull_request([{"a.env": made}])
    event["event_name"] = "pull_request_target"
    workspace = repository.checkout(merge)
    for mode in ["auto", "worktree", "history"]:
        refused(run(workspace, event, mode=mode), "pull_request_target")
    expect(run(workspace, event, allow_pull_request_target="true"), 1, [made])


def merge_group():
    repository = Repository()
    made = key()
    event, merge = repository.pull_request([{"a.env": made}])
    group = {"base_sha": event["event"]["pull_request"]["base"]["sha"], "head_sha": merge}
    event = {"event_name": "merge_group", "ref": "refs/heads/gh-readonly-queue/main/pr-1", "sha": merge, "event": {"merge_group": group}}
    expect(run(repository.checkout(merge), event), 1, [made], scanned_range=f"{group['base_sha']}..{merge}")


# Pushes.

def push():
    repository = Repository()
    old, new = key(), key()
    before = repository.commit({"old.env": old})
    clean = repository.commit({"a.txt": "a\n"})
    ran = run(repository.checkout(clean), repository.push(before, clean))
    expect(ran, 0, [], scanned_range=f"{before}..{clean}")
    after = repository.commit({"old.env": None, "new.env": new})
    ran = run(repository.checkout(after), repository.push(before, after))
    expect(ran, 1, [new])
    # With just enough of the history, and with too little.
    expect(run(repository.checkout(after, depth=3), repository.push(before, after)), 1, [new])
    refused(run(repository.checkout(after, depth=1), repository.push(before, after)), "fetch-depth: 0")


def push_of_a_merge():
    repository = Repository()
    made = key()
    repository.branch("side")
    repository.commit({"a.txt": "side\n"})
    repository.git("switch", "--quiet", "main")
    before = repository.commit({"b.txt": "main\n"})
    repository.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    after = repository.commit({"a.txt": f"side {made}\n"}, "Merge side")
    expect(run(repository.checkout(after), repository.push(before, after)), 1, [made])


def push_of_a_new_branch():
    repository = Repository()
    old, new = key(), key()
    repository.commit({"old.env": old})
    repository.branch("topic")
    after = repository.commit({"new.env": new})
    event = repository.push(ZEROS, after, "refs/heads/topic")
    expect(run(repository.checkout(after), event), 1, [new], scanned_range=f"refs/remotes/origin/main..{after}")
    refused(run(repository.checkout(after, depth=1), event), "fetch-depth: 0")
    # No default branch is there to compare with.
    repository.git("branch", "--quiet", "-D", "main")
    ran = expect(run(repository.checkout(after), event), 1, [old, new], scanned_range=after)
    assert [name for name, _, _ in composite.commands(ran.log)].count("notice") == 1, ran.log


def push_of_the_default_branch_for_the_first_time():
    repository = Repository()
    made = key()
    repository.commit({"old.env": made})
    after = repository.commit({"old.env": None})
    expect(run(repository.checkout(after), repository.push(ZEROS, after)), 1, [made], scanned_range=after)


def push_that_is_forced():
    repository = Repository()
    old, new = key(), key()
    base = repository.commit({"old.env": old})
    for ref, keys in [("refs/heads/topic", [new]), ("refs/heads/main", [old, new])]:
        gone = "1234567890" * 4
        repository.git("switch", "--quiet", "--detach", base)
        after = repository.commit({"new.env": new})
        repository.git("update-ref", ref, after)
        expect(run(repository.checkout(after), repository.push(gone, after, ref)), 1, keys)


def push_of_a_tag():
    repository = Repository()
    made, message = key(), key()
    repository.branch("release")
    commit = repository.commit({"a.env": made})
    repository.git("tag", "--annotate", "--message", f"Release with {message}", "v1")
    tag = repository.git("rev-parse", "v1")
    event = repository.push(ZEROS, tag, "refs/tags/v1")
    expect(run(repository.checkout("v1"), event), 1, [made, message])
    # As older versions of actions/checkout leave it: the tag's name leads to its commit.
    workspace = repository.checkout("v1", ref="refs/tags/other")
    subprocess.run(["git", "update-ref", "-d", "refs/tags/v1"], cwd=workspace, env=ENV, check=True)
    subprocess.run(["git", "gc", "--quiet", "--prune=now"], cwd=workspace, env=ENV, check=True)
    ran = expect(run(workspace, event), 1, [made], scanned_range=f"refs/remotes/origin/main..{commit}")
    assert any(name == "notice" and "tag" in text for name, _, text in composite.commands(ran.log)), ran.log


def deletion_of_a_branch():
    repository = Repository()
    ran = run(repository.checkout("main"), repository.push(repository.first, ZEROS, "refs/heads/topic"))
    expect(ran, 0, [], complete="true", scanned_range="")


# Other events.

def schedule():
    repository = Repository()
    gone, there, ignored = key(), key(), key()
    repository.commit({"old.env": gone, ".gitignore": "ignored.env\n"})
    repository.commit({"old.env": None, "new.env": there})
    event = {"event_name": "schedule", "ref": "refs/heads/main", "sha": repository.git("rev-parse", "main")}
    workspace = repository.checkout("main")
    (workspace / "ignored.env").write_text(ignored)
    expect(run(workspace, event), 1, [gone, there], mode="audit", scanned_range="")
    expect(run(workspace, event, mode="worktree"), 1, [there], mode="worktree")
    expect(run(workspace, event, mode="worktree", path="readme.txt\nignored.env\n"), 1, [ignored])
    expect(run(workspace, event, mode="range", base=repository.first), 1, [gone, there], scanned_range=f"{repository.first}..HEAD")
    refused(run(workspace, event, mode="range"), "schedule")
    event["event_name"] = "workflow_dispatch"
    expect(run(workspace, event, base=repository.first, head="refs/remotes/origin/main~1"), 1, [gone])
    expect(run(repository.checkout("main", depth=1), event), 1, [there], complete="false")


# What the inputs do.

def inputs():
    repository = Repository()
    made, test = key(), key("test")
    event, merge = repository.pull_request([{"a.env": made, "b.env": test}])
    workspace = repository.checkout(merge)
    ran = expect(run(workspace, event, fail_on="none"), 0)
    assert ran.outputs["findings"] == "2" and [name for name, _, _ in composite.commands(ran.log)] == ["error", "warning"], ran.log
    ran = run(workspace, event, annotations="false", summary="false", sarif="false")
    expect(ran, 1, sarif_file="")
    assert not composite.commands(ran.log) and ran.summary == "" and f"{id_of(made)}.****" in ran.log, ran.log
    (SCRATCH / "own.toml").write_text(f'[[allow]]\nkey-id = "{id_of(made)}"\nreason = "known"\n')
    expect(run(workspace, event, config=f"{SCRATCH}/own.toml", config_from="worktree"), 1)
    ran = run(workspace, event, args=f"--include-suppressed\n\n--config\n{SCRATCH}/own.toml\n", config_from="worktree")
    assert ran.outputs["findings"] == "1" and id_of(made) in ran.log, ran.log
    ran = run(workspace, event, verify="true")
    expect(ran, 1, live="0")
    assert "unknown" in ran.log and ran.outputs["findings"] == "2", ran.log


def bad_inputs():
    repository = Repository()
    event, merge = repository.pull_request([{"a.txt": "a\n"}])
    workspace = repository.checkout(merge)
    for words, given in {
        "input mode": {"mode": "everything"},
        "input verify": {"verify": "yes"},
        "input sarif": {"sarif": "1"},
        "input base": {"base": "--not"},
        "input head": {"head": "a..b"},
        "input config-from": {"config_from": "-x"},
        "input path": {"path": "src"},
        "input working-directory": {"working_directory": "nowhere"},
        "fail-on": {"fail_on": "sometimes"},
        "--no-such": {"args": "--no-such"},
        "nowhere.toml": {"config": "nowhere.toml", "config_from": "worktree"},
        "refs/heads/nowhere": {"head": "refs/heads/nowhere"},
    }.items():
        refused(run(workspace, event, **given), words)
    (SCRATCH / "other").write_text("#!/bin/sh\necho other 1.0\n")
    (SCRATCH / "other").chmod(0o755)
    for words, given in {
        "there is no program": {"binary": "no-such-program"},
        "is no hopx-leaks": {"binary": f"{SCRATCH}/other"},
        "has the SHA-256": {"binary": str(PROGRAM), "sha256": "0" * 64},
        "no version": {"version": "latest"},
        "knows of no release": {"version": ""},
        "input build": {"build": "maybe"},
    }.items():
        refused(run(workspace, event, **given), words)
    # Outside of a repository.
    empty = SCRATCH / "empty"
    empty.mkdir()
    expect(run(empty, {"event_name": "schedule"}), 2)


def in_a_folder():
    repository = Repository()
    made = key()
    event, merge = repository.pull_request([{"deep/a.env": made}])
    workspace = repository.checkout(merge, into="the repo")
    ran = expect(run(workspace, event, working_directory="the repo"), 1, [made])
    [about] = [about for name, about, _ in composite.commands(ran.log) if name == "error"]
    assert about["file"] == "deep/a.env", about


def the_clone_of_another_user():
    if os.geteuid() != 0:
        return
    repository = Repository()
    made = key()
    base = repository.first
    after = repository.commit({"a.env": made})
    workspace = repository.checkout(after)
    for path in [workspace, *workspace.rglob("*")]:
        os.chown(path, 12345, 12345, follow_symlinks=False)
    expect(run(workspace, repository.push(base, after)), 1, [made])


def names_that_look_like_commands():
    repository = Repository()
    names = ["::error::forged", "a\n::error file=x::forged", "a\r::set-output name=x::forged", "##[error]forged", "a%0A::error::forged"]
    event, merge = repository.pull_request([{name: key() for name in names}, {f"{'d' * 9}/{name}": "" for name in names[:1]}])
    ran = expect(run(repository.checkout(merge), event), 1)
    assert ran.outputs["findings"] == str(len(names))
    for name, about, text in composite.commands(ran.log):
        assert (name, about["title"][:18]) == ("error", "HopX live API key "), (name, about, text)
    assert "forged" not in "".join(ran.outputs.values())


# Where the program comes from.

@contextlib.contextmanager
def releases(folder):
    """An https server of files, and the certificate to trust it by."""
    certificate = folder.parent / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", certificate, "-out", f"{certificate}.crt"],
        check=True, capture_output=True)
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))
        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{certificate}.crt", certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://localhost:{server.server_address[1]}", {"CURL_CA_BUNDLE": f"{certificate}.crt"}
    finally:
        server.shutdown()


def release():
    repository = Repository()
    made = key()
    event, merge = repository.pull_request([{"a.env": made}])
    workspace = repository.checkout(merge)
    folder = SCRATCH / "server"
    sums = {}
    for version, target in [("1.2.3", "x86_64-unknown-linux-musl"), ("1.2.4", "x86_64-unknown-linux-musl"), ("1.2.5", "aarch64-apple-darwin")]:
        name = f"hopx-leaks-v{version}-{target}"
        where = folder / "owner" / "hopx-leaks" / "releases" / "download" / f"v{version}"
        where.mkdir(parents=True)
        with tarfile.open(where / f"{name}.tar.gz", "w:gz") as archive:
            archive.add(PROGRAM, f"{name}/hopx-leaks")
        sums[version] = hashlib.sha256((where / f"{name}.tar.gz").read_bytes()).hexdigest()
    # The action as it is after a release: it knows the first of them, and the last for another machine.
    action = SCRATCH / "action"
    shutil.copytree(PROJECT / ".github", action / ".github")
    shutil.copy(PROJECT / "action.yml", action)
    with (action / ".github/action/releases.txt").open("a") as file:
        file.write(f"1.2.3 x86_64-unknown-linux-musl {sums['1.2.3']}\n1.2.3 aarch64-apple-darwin {'0' * 64}\n")
    tools = SCRATCH / "tools"
    tools.mkdir()
    with releases(folder) as (address, env):
        event["server_url"] = address
        start = lambda **given: run(workspace, event, action=action, **{"env": env, **given})
        expect(start(version=""), 1, [made])
        expect(start(version="v1.2.3"), 1, [made])
        expect(start(version="1.2.4", sha256=sums["1.2.4"]), 1, [made])
        expect(start(version="1.2.5", sha256=sums["1.2.5"], runner=("macOS", "ARM64")), 1, [made])
        refused(start(version="1.2.4", sha256=sums["1.2.3"]), "has the SHA-256")
        refused(start(version="9.9.9", sha256=sums["1.2.3"]), "could not be downloaded")
        refused(start(version="1.2.3", runner=("Linux", "ARM")), "no release for Linux on ARM")
        refused(start(version="1.2.3", env={}), "could not be downloaded")
        # Nobody vouches for this one, gh does not, gh does.
        without_gh = {**env, "PATH": path_without("gh")}
        refused(start(version="1.2.4", env=without_gh), "install gh")
        with_gh = {**env, "PATH": f"{tools}:{without_gh['PATH']}"}
        (tools / "gh").write_text('#!/bin/sh\nprintf "%s\\n" "$GH_TOKEN" "$@" >"$0.asked"\nexit 1\n')
        (tools / "gh").chmod(0o755)
        refused(start(version="1.2.4", env=with_gh, token="abc"), "no attestation")
        (tools / "gh").write_text('#!/bin/sh\nprintf "%s\\n" "$GH_TOKEN" "$@" >"$0.asked"\n')
        expect(start(version="1.2.4", env=with_gh, token="abc"), 1, [made])
        token, *asked = (tools / "gh.asked").read_text().splitlines()
        assert token == "abc" and asked[:2] == ["attestation", "verify"], asked
        assert asked[3:] == ["--repo", "owner/hopx-leaks", "--signer-workflow", "owner/hopx-leaks/.github/workflows/release.yml"], asked


def path_without(name):
    """A PATH with everything but one program."""
    folder = SCRATCH / f"without-{name}"
    folder.mkdir(exist_ok=True)
    for one in os.environ["PATH"].split(":"):
        for program in pathlib.Path(one).glob("*"):
            if program.name != name and not (folder / program.name).exists():
                (folder / program.name).symlink_to(program)
    return str(folder)


def built_from_source():
    repository = Repository()
    made = key()
    event, merge = repository.pull_request([{"a.env": made}])
    workspace = repository.checkout(merge)
    no_cargo = {"PATH": path_without("cargo")}
    refused(run(workspace, event, build="true", env=no_cargo), "needs Rust")
    # What was built here already need not be built again.
    temp = SCRATCH / "temp-build"
    temp.mkdir()
    (temp / "hopx-leaks-build").symlink_to(PROJECT / "target")
    env = {name: os.environ[name] for name in ("HOME", "CARGO_HOME", "RUSTUP_HOME") if name in os.environ}
    expect(run(workspace, event, build="true", env=env, temp=temp), 1, [made])


def in_a_runner():
    """The same by a runner of workflows, https://github.com/nektos/act, which the environment variable ACT names."""
    action = SCRATCH / "action-alone"
    shutil.copytree(PROJECT / ".github" / "action", action / ".github" / "action")
    shutil.copy(PROJECT / "action.yml", action)
    steps = [
        # The runner puts the repository that it is started in there.
        {"uses": "actions/checkout@" + "0" * 40, "with": {"fetch-depth": 0, "persist-credentials": False}},
        {"uses": "owner/hopx-leaks@v1", "id": "leaks", "with": {"binary": str(PROGRAM)}},
        {"if": "always()", "env": {"OUTPUTS": "${{ toJSON(steps.leaks.outputs) }}"}, "run": 'echo outputs=${OUTPUTS//$\'\\n\'/}'},
    ]
    repository, made = Repository(), key()
    repository.commit({".github/workflows/leaks.yml": json.dumps({
        "on": ["push", "pull_request"], "jobs": {"leaks": {"runs-on": "ubuntu-latest", "steps": steps}}})})
    before = repository.git("rev-parse", "HEAD")
    clean = repository.commit({"a.txt": "a\n"})
    leak = repository.commit({"a ::error::forged.env": f"x\n{made}\n"})
    pull = {"base": {"sha": before}, "head": {"sha": leak}}
    home = SCRATCH / "home"
    (home / ".config" / "act").mkdir(parents=True)
    (home / ".config" / "act" / "actrc").touch()
    for event, about, found in [
        ("push", {"before": before, "after": clean}, []),
        ("push", {"before": clean, "after": leak}, [made]),
        ("pull_request", {"pull_request": pull}, [made]),
    ]:
        (SCRATCH / "event.json").write_text(json.dumps({**about, "repository": {"default_branch": "main"}}))
        ran = subprocess.run(
            [os.environ["ACT"], event, "--json", "--eventpath", SCRATCH / "event.json", "--platform",
             "ubuntu-latest=-self-hosted", "--action-offline-mode", "--no-cache-server",
             "--local-repository", f"owner/hopx-leaks@v1={action}"],
            cwd=repository.path, env={**ENV, "XDG_CONFIG_HOME": f"{home}/.config", "XDG_CACHE_HOME": f"{home}/.cache"},
            check=False, capture_output=True, text=True)
        assert not any(half[:12] in ran.stdout for half in HALVES), "a secret is shown"
        told = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
        assert (ran.returncode != 0) == bool(found), ran.stdout
        [outputs] = [json.loads(one["msg"][8:]) for one in told if one["msg"].startswith("outputs={")]
        status = "1" if found else "0"
        assert (outputs["exit-code"], outputs["findings"], outputs["complete"]) == (status, str(len(found)), "true"), outputs
        errors = [one for one in told if one.get("command") in ("error", "warning", "notice")]
        lines = [(one["command"], one["kvPairs"]["line"], one["kvPairs"]["title"]) for one in errors]
        assert lines == [("error", "2", f"HopX live API key {id_of(one)}") for one in found], lines


CASES = [
    in_a_runner,
    pull_request_without_a_leak, pull_request_with_a_leak, pull_request_from_a_fork, pull_request_that_allows_its_own_leak,
    pull_request_in_a_shallow_clone, pull_request_target, merge_group, push, push_of_a_merge, push_of_a_new_branch,
    push_of_the_default_branch_for_the_first_time, push_that_is_forced, push_of_a_tag, deletion_of_a_branch, schedule,
    inputs, bad_inputs, in_a_folder, the_clone_of_another_user, names_that_look_like_commands, release, built_from_source,
]


def main():
    (SCRATCH / "home").mkdir()
    wanted = sys.argv[2:]
    failed = 0
    try:
        for case in CASES:
            if wanted and case.__name__ not in wanted:
                continue
            try:
                case()
                print(f"action: {case.__name__.replace('_', ' ')}", flush=True)
            except Exception:  # Each is told, and the others are tried all the same.
                failed += 1
                print(f"action: {case.__name__.replace('_', ' ')} FAILED", flush=True)
                traceback.print_exc()
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
    sys.exit(1 if failed else 0)


main()
