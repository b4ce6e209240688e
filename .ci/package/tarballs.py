"""Tar archives whose bytes depend on nothing but what is in them."""

import gzip
import io
import tarfile
from pathlib import Path

from project import ROOT, TEXTS, Pages, Project, Target


def pack(files: dict[str, tuple[bytes, int]], time: int) -> bytes:
    """Files by path, each with its content and mode, as a gzipped tar: sorted, of one time, owned by nobody in particular."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as compressed:
        with tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for path, (content, mode) in sorted(files.items()):
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode, entry.mtime = len(content), mode, time
                archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def make(project: Project, target: Target, program: Path, pages: Pages, out: Path) -> Path:
    """`hopx-leaks-vVERSION-TARGET.tar.gz`, which holds one folder of that name."""
    folder = f"hopx-leaks-v{project.version}-{target.triple}"
    files = {f"{folder}/{target.program}": (program.read_bytes(), 0o755)}
    files |= {f"{folder}/{name}": ((ROOT / name).read_bytes(), 0o644) for name in TEXTS}
    files |= {f"{folder}/completions/{name}": (text, 0o644) for name, text in pages.completions.items()}
    files[f"{folder}/man/hopx-leaks.1"] = (pages.man, 0o644)
    path = out / f"{folder}.tar.gz"
    path.write_bytes(pack(files, project.time))
    return path
