"""Wheels that hold a program which is built already, laid out as maturin lays out `bindings = "bin"`.

maturin itself takes no built program: it would compile each one a second time, and the program in the wheel would not
be the one in the archive. The layout is that of the wheel specification (packaging.python.org), the fields those of core
metadata 2.4.
"""

import base64
import hashlib
import time as clock
import zipfile
from pathlib import Path

from project import ROOT, Project, Target

LICENCES = ["LICENSE-APACHE", "LICENSE-MIT"]


def metadata(project: Project) -> bytes:
    """METADATA."""
    fields = [
        ("Metadata-Version", "2.4"),
        ("Name", "hopx-leaks"),
        ("Version", project.version),
        ("Summary", project.description),
        ("Keywords", ",".join(project.keywords)),
        ("License-Expression", project.licence),
        *(("License-File", name) for name in LICENCES),
        ("Project-URL", f"Source Code, {project.repository}"),
        ("Requires-Python", ">=3.8"),
        ("Description-Content-Type", "text/markdown; charset=UTF-8; variant=GFM"),
    ]
    head = "".join(f"{name}: {value}\n" for name, value in fields)
    return head.encode() + b"\n" + (ROOT / "README.md").read_bytes()


def wheel(target: Target) -> bytes:
    """WHEEL: each of the tags in the file's name on a line of its own."""
    tags = "".join(f"Tag: py3-none-{platform}\n" for platform in target.wheel.split("."))
    return f"Wheel-Version: 1.0\nGenerator: hopx-leaks\nRoot-Is-Purelib: false\n{tags}".encode()


def make(project: Project, target: Target, program: Path, out: Path) -> Path:
    """`hopx_leaks-VERSION-py3-none-PLATFORM.whl`."""
    stem = f"hopx_leaks-{project.version}"
    about = f"{stem}.dist-info"
    files = {
        f"{stem}.data/scripts/{target.program}": (program.read_bytes(), 0o755),
        f"{about}/METADATA": (metadata(project), 0o644),
        f"{about}/WHEEL": (wheel(target), 0o644),
        **{f"{about}/licenses/{name}": ((ROOT / name).read_bytes(), 0o644) for name in LICENCES},
    }
    record = ""
    for path, (content, _) in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(content)}\n"
    files[f"{about}/RECORD"] = (f"{record}{about}/RECORD,,\n".encode(), 0o644)
    path = out / f"{stem}-py3-none-{target.wheel}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, (content, mode) in files.items():
            entry = zipfile.ZipInfo(name, clock.gmtime(project.time)[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Unix, a regular file: zipfile would write the system that it runs on.
            entry.create_system, entry.external_attr = 3, (0o100000 | mode) << 16
            archive.writestr(entry, content)
    return path
