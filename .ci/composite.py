"""Runs a composite action as a workflow runner does, so that events, forks and exit codes can be tried in any number.

Knows what this project's action.yml uses of it: https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax
and its expressions, inputs, outputs, `env`, `if`, `shell: bash`, the files that GITHUB_OUTPUT and GITHUB_STEP_SUMMARY name,
and workflow commands in what steps print, with ::stop-commands::. Needs PyYAML.
"""

import os
import pathlib
import re
import subprocess

import yaml

# A string, a name with dots, or an operator.
TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|([\w.-]+(?:\(\))?)|(\|\||&&|==|!=|!|\(|\)))")


class Expression:
    """What stands between ${{ and }}. `look_up` gives the value of a name; one that is not there is ''."""

    def __init__(self, text, look_up):
        self.tokens, self.look_up, at = [], look_up, 0
        text = text.strip()
        while at < len(text):
            match = TOKEN.match(text, at)
            assert match, f"what is {text[at:]!r}?"
            self.tokens.append(match.group().strip())
            at = match.end()

    def value(self):
        value = self.any_of()
        assert not self.tokens, f"left over: {self.tokens}"
        return value

    def takes(self, token):
        if self.tokens[:1] == [token]:
            return self.tokens.pop(0)
        return None

    def any_of(self):
        value = self.all_of()
        while self.takes("||"):
            other = self.all_of()
            value = value or other
        return value

    def all_of(self):
        value = self.compared()
        while self.takes("&&"):
            other = self.compared()
            value = value and other
        return value

    def compared(self):
        value = self.single()
        while operator := self.takes("==") or self.takes("!="):
            # GitHub ignores case when it compares strings.
            is_same = str(value).lower() == str(self.single()).lower()
            value = is_same == (operator == "==")
        return value

    def single(self):
        if self.takes("!"):
            return not self.single()
        if self.takes("("):
            value = self.any_of()
            assert self.takes(")"), "a parenthesis stays open"
            return value
        token = self.tokens.pop(0)
        return token[1:-1].replace("''", "'") if token[0] == "'" else self.look_up(token)


def substitute(text, look_up):
    """The text with its expressions evaluated; null and false are as GitHub writes them."""
    words = {True: "true", False: "false", None: ""}
    def one(match):
        value = Expression(match[1], look_up).value()
        return words[value] if value is None or isinstance(value, bool) else str(value)
    return re.sub(r"\$\{\{(.*?)\}\}", one, str(text), flags=re.DOTALL)


def read_values(path):
    """The NAME=VALUE lines of a GITHUB_OUTPUT file. The form of several lines is not used by the action and not taken."""
    pairs = [line.split("=", 1) for line in path.read_text().splitlines()]
    assert all(len(pair) == 2 and "<<" not in pair[0] for pair in pairs), pairs
    return dict(pairs)


def commands(log):
    """The workflow commands that a runner would take from a log: (name, properties, message)."""
    taken, stopped = [], None
    for line in log.splitlines():
        match = re.match(r"\s*::([^\s:]+)(?: ([^:]*))?::(.*)$", line)
        if stopped is not None:
            stopped = None if match and match[1] == stopped else stopped
        elif match and match[1] == "stop-commands":
            stopped = match[3]
        elif match:
            taken.append((match[1], dict(pair.split("=", 1) for pair in (match[2] or "").split(",") if pair), match[3]))
        else:
            # The older form, which is taken anywhere in a line.
            taken += [(name, {}, rest) for name, rest in re.findall(r"##\[([^\]]+)\](.*)", line)]
    assert stopped is None, "commands stay stopped"
    return taken


class Run:
    """One run: `conclusion` (success or failure), `outputs`, `log` of all steps, `summary`, `status` of each step by id."""

    def __init__(self, action, workspace, temp, inputs, github, env, runner=("Linux", "X64")):
        definition = yaml.safe_load((action / "action.yml").read_text())
        assert definition["runs"]["using"] == "composite"
        unknown = set(inputs) - set(definition["inputs"])
        assert not unknown, f"no such inputs: {unknown}"
        self.github, self.steps, self.status, self.conclusion = github, {}, {}, "success"
        self.inputs = {name: substitute(about.get("default", ""), self.look_up) for name, about in definition["inputs"].items()}
        self.inputs.update(inputs)
        self.log, self.summary = "", ""
        for number, step in enumerate(definition["runs"]["steps"]):
            assert set(step) <= {"name", "id", "shell", "env", "run", "if"} and step["shell"] == "bash", step
            # A step that names no condition runs when none has failed before.
            condition = step.get("if", "success()")
            if not re.search(r"(success|failure|always)\(\)", condition):
                condition = f"success() && ({condition})"
            if Expression(condition, self.look_up).value():
                self.step(action, workspace, temp / str(number), step, env, runner)
        self.outputs = {name: substitute(about["value"], self.look_up) for name, about in definition["outputs"].items()}

    def look_up(self, name):
        functions = {"success()": self.conclusion == "success", "failure()": self.conclusion == "failure", "always()": True}
        if name in functions:
            return functions[name]
        if name in ("true", "false"):
            return name == "true"
        value = {"inputs": getattr(self, "inputs", {}), "github": self.github, "steps": self.steps}
        for part in name.split("."):
            value = value.get(part, "") if isinstance(value, dict) else ""
        return value

    def step(self, action, workspace, folder, step, env, runner):
        folder.mkdir(parents=True)
        files = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            path.touch()
        script = folder / "script.sh"
        script.write_text(substitute(step["run"], self.look_up))
        whole = {
            **env,
            "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": workspace, "GITHUB_ACTION_PATH": action,
            "RUNNER_TEMP": folder.parent, "RUNNER_OS": runner[0], "RUNNER_ARCH": runner[1],
            **files,
            **{name: substitute(value, self.look_up) for name, value in step.get("env", {}).items()},
        }
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
            env={name: os.fspath(value) for name, value in whole.items()}, cwd=workspace, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        self.log += ran.stdout.decode(errors="surrogateescape")
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        assert not files["GITHUB_ENV"].read_text() and not files["GITHUB_PATH"].read_text(), "later steps are changed"
        self.status[step.get("id", step["name"])] = ran.returncode
        self.steps[step.get("id", step["name"])] = {"outputs": read_values(files["GITHUB_OUTPUT"])}
        if ran.returncode != 0:
            self.conclusion = "failure"

    def messages(self, *kinds):
        """The messages of its annotations of these kinds: error, warning, notice."""
        return [message for name, _, message in commands(self.log) if name in kinds]
