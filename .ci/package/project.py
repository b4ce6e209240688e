"""What all packages say of the project: read from Cargo.toml, the changelog and git, and written nowhere else."""

import datetime
import os
import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# Where a repository's address is not needed to be true: packages that are made to be tried, never to be published.
SNAPSHOT_REPOSITORY = "https://github.com/OWNER/hopx-leaks"
SNAPSHOT_MAINTAINER = "nobody in particular <nobody@example.org>"

# What every package holds beside the program.
TEXTS = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"]


class Refused(Exception):
    """Nothing can be made; the text says what to do about it."""


@dataclass(frozen=True)
class Target:
    """One platform, in the words of each registry."""

    triple: str
    # Tags of a wheel's platform. The Linux programs are static and run with any C library.
    wheel: str
    # `process.platform` and `process.arch` of Node.
    npm: tuple[str, str]
    # Debian's architecture.
    debian: str | None = None

    @property
    def program(self) -> str:
        return "hopx-leaks.exe" if "windows" in self.triple else "hopx-leaks"


TARGETS = [
    Target(
        "x86_64-unknown-linux-musl",
        "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
        ("linux", "x64"),
        "amd64",
    ),
    Target(
        "aarch64-unknown-linux-musl",
        "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
        ("linux", "arm64"),
        "arm64",
    ),
    Target("x86_64-apple-darwin", "macosx_10_12_x86_64", ("darwin", "x64")),
    Target("aarch64-apple-darwin", "macosx_11_0_arm64", ("darwin", "arm64")),
    Target("x86_64-pc-windows-msvc", "win_amd64", ("win32", "x64")),
]


@dataclass(frozen=True)
class Project:
    """Cargo.toml, as far as packages tell it."""

    version: str
    description: str
    licence: str
    keywords: list[str]
    repository: str
    maintainer: str
    # Seconds since 1970 that stand in every archive: the time of the commit, so that the same commit gives the same
    # bytes.
    time: int

    @property
    def date(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.time, datetime.UTC)


def load(is_snapshot: bool) -> Project:
    """The project. A release needs what a snapshot makes up."""
    package = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]
    if not re.fullmatch(r"\d+\.\d+\.\d+", package["version"]):
        raise Refused(f"version {package['version']}: releases are numbered X.Y.Z, which every registry reads alike")
    repository = package.get("repository")
    maintainer = package.get("metadata", {}).get("deb", {}).get("maintainer")
    if is_snapshot:
        repository = repository or SNAPSHOT_REPOSITORY
        maintainer = maintainer or SNAPSHOT_MAINTAINER
    if not repository:
        raise Refused("Cargo.toml has no `repository`; set it (docs/release.md, once), or pass --snapshot")
    if not maintainer:
        raise Refused("Cargo.toml has no `package.metadata.deb.maintainer`; set it (docs/release.md, once)")
    return Project(
        version=package["version"],
        description=package["description"],
        licence=package["license"],
        keywords=package["keywords"],
        repository=repository.rstrip("/"),
        maintainer=maintainer,
        time=commit_time(),
    )


def commit_time() -> int:
    """SOURCE_DATE_EPOCH (reproducible-builds.org) if it is set, else the time of the last commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def printed(program: Path, *arguments: str) -> bytes:
    """What the program prints of itself."""
    return subprocess.run([program.resolve(), *arguments], check=True, capture_output=True).stdout


@dataclass(frozen=True)
class Pages:
    """The manual page and the completions, by the name under which they are to be found."""

    man: bytes
    completions: dict[str, bytes]


def pages(program: Path) -> Pages:
    """As a program for this machine prints them; they are the same for all platforms."""
    names = {
        "bash": "hopx-leaks.bash",
        "elvish": "hopx-leaks.elv",
        "fish": "hopx-leaks.fish",
        "powershell": "_hopx-leaks.ps1",
        "zsh": "_hopx-leaks",
    }
    completions = {file: printed(program, "completions", shell) for shell, file in names.items()}
    return Pages(printed(program, "man"), completions)
