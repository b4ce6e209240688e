"""The Debian package, made with dpkg-deb of a static program: it depends on nothing."""

import gzip
import os
import shutil
import subprocess
import tempfile
from email.utils import format_datetime
from pathlib import Path

from project import ROOT, Pages, Project, Target

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: hopx-leaks
Source: {repository}

Files: *
Copyright: the contributors of hopx-leaks
License: MIT or Apache-2.0

License: MIT
{mit}

License: Apache-2.0
 On Debian systems the text of this licence is in /usr/share/common-licenses/Apache-2.0
"""

CHANGELOG = """\
hopx-leaks ({version}-1) unstable; urgency=medium

  * Release {version}; /usr/share/doc/hopx-leaks/changelog.gz says what is in it.

 -- {maintainer}  {date}
"""

# One program for every release of Debian and Ubuntu, as the archive and the other packages have it.
OVERRIDES = """\
# The program is static on purpose: the same file runs on every release.
hopx-leaks: statically-linked-binary [usr/bin/hopx-leaks]
# It can be loaded anywhere in memory (static-pie), as a library can, and is none.
hopx-leaks: shared-library-lacks-prerequisites [usr/bin/hopx-leaks]
# This package is not part of Debian's archive and closes no bug there.
hopx-leaks: initial-upload-closes-no-bugs
"""

CONTROL = """\
Package: hopx-leaks
Version: {version}-1
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Section: utils
Priority: optional
Homepage: {repository}
Description: finder of leaked HopX API keys
 Finds leaked HopX API keys in a checkout, in what is about to be committed or
 pushed, and in everything that a git repository still holds. It looks into
 archives and encoded text, and prints no secret.
"""


def compress(text: bytes) -> bytes:
    """As `gzip -9n` does, which Debian's policy asks for."""
    return gzip.compress(text, compresslevel=9, mtime=0)


def indented(text: str) -> str:
    return "\n".join(f" {line}" if line.strip() else " ." for line in text.strip().splitlines())


def make(project: Project, target: Target, program: Path, pages: Pages, out: Path) -> Path:
    """`hopx-leaks_VERSION-1_ARCHITECTURE.deb`."""
    words = {
        "version": project.version,
        "repository": project.repository,
        "maintainer": project.maintainer,
        "architecture": target.debian,
        "date": format_datetime(project.date),
        "mit": indented((ROOT / "LICENSE-MIT").read_text()),
    }
    share, doc = "usr/share", "usr/share/doc/hopx-leaks"
    files = {
        "usr/bin/hopx-leaks": program.read_bytes(),
        f"{share}/man/man1/hopx-leaks.1.gz": compress(pages.man),
        f"{share}/bash-completion/completions/hopx-leaks": pages.completions["hopx-leaks.bash"],
        f"{share}/zsh/vendor-completions/_hopx-leaks": pages.completions["_hopx-leaks"],
        f"{share}/fish/vendor_completions.d/hopx-leaks.fish": pages.completions["hopx-leaks.fish"],
        f"{share}/lintian/overrides/hopx-leaks": OVERRIDES.encode(),
        f"{doc}/copyright": COPYRIGHT.format(**words).encode(),
        f"{doc}/changelog.gz": compress((ROOT / "CHANGELOG.md").read_bytes()),
        f"{doc}/changelog.Debian.gz": compress(CHANGELOG.format(**words).encode()),
    }
    # As dpkg-gencontrol counts: KiB of each file, rounded up, and one for each folder.
    size = sum(-(-len(content) // 1024) for content in files.values())
    path = out / f"hopx-leaks_{project.version}-1_{target.debian}.deb"
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        files["DEBIAN/control"] = CONTROL.format(size=size, **words).encode()
        for name, content in files.items():
            file = root / name
            file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o755 if name.startswith("usr/bin/") else 0o644)
        for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
            folder.chmod(0o755)
        command = [shutil.which("dpkg-deb") or "dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(root), str(path)]
        # dpkg-deb takes all times from this one.
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(project.time)}
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return path
