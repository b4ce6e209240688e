"""npm packages: `hopx-leaks`, a few lines of JavaScript, and one package a platform that holds the program.

npm installs of the optional dependencies the one that fits (`os`, `cpu`); nothing runs at the installation. The Linux
programs are static, so there is one for any C library, and no `libc`.
"""

import json
from pathlib import Path

import tarballs
from project import ROOT, TEXTS, Project, Target

SHIM = Path(__file__).resolve().parent / "shim.js"


def name(target: Target) -> str:
    """The platform's package, which shim.js looks for."""
    return "hopx-leaks-" + "-".join(target.npm)


def manifest(project: Project, **fields: object) -> dict[str, object]:
    """What the packages have in common. Provenance on npm needs the repository to be the one of the workflow."""
    return {
        "version": project.version,
        "description": project.description,
        "license": project.licence,
        "repository": {"type": "git", "url": f"git+{project.repository}.git"},
        **fields,
    }


def pack(project: Project, package: dict[str, object], files: dict[str, tuple[bytes, int]], out: Path) -> Path:
    files = {f"package/{path}": file for path, file in files.items()}
    files["package/package.json"] = (json.dumps(package, indent=2).encode() + b"\n", 0o644)
    path = out / f"{package['name']}-{project.version}.tgz"
    path.write_bytes(tarballs.pack(files, project.time))
    return path


def make_platform(project: Project, target: Target, program: Path, out: Path) -> Path:
    """The package of one platform."""
    os, cpu = target.npm
    package = manifest(project, name=name(target), os=[os], cpu=[cpu], preferUnplugged=True)
    package["description"] = f"The program of hopx-leaks for {os} {cpu}; install hopx-leaks"
    licences = {path: ((ROOT / path).read_bytes(), 0o644) for path in TEXTS if path.startswith("LICENSE")}
    readme = f"# {name(target)}\n\n{package['description']}.\n".encode()
    program_file = {f"bin/{target.program}": (program.read_bytes(), 0o755)}
    return pack(project, package, {"README.md": (readme, 0o644), **licences, **program_file}, out)


def make_root(project: Project, targets: list[Target], out: Path) -> Path:
    """The package that people install."""
    package = manifest(
        project,
        name="hopx-leaks",
        keywords=project.keywords,
        bin={"hopx-leaks": "bin/hopx-leaks.js"},
        engines={"node": ">=18"},
        optionalDependencies={name(target): project.version for target in targets},
    )
    texts = {path: ((ROOT / path).read_bytes(), 0o644) for path in TEXTS}
    return pack(project, package, {"bin/hopx-leaks.js": (SHIM.read_bytes(), 0o755), **texts}, out)
