"""Reading a web archive beside the library's bare iteration over it, in one run over one file: CPU seconds and peak memory.

    python tests/benchmarks/warc.py [--pages 5000] [--size 40000] [--passes 3] [ARCHIVE]

Without ARCHIVE one is made, in the shape of CC-NEWS (request, answer and metadata of every page). Every contestant runs in a process of its own,
passes in turn: `bare` goes over the records and opens none, `bodies` also reads every answer's body with the library's own decoding,
`pieces` is our reader. Not run by pytest.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_RUN = """
import json, resource, sys, time
{body}
began = time.process_time()
pages = run(sys.argv[1])
print(json.dumps({{"pages": pages, "seconds": time.process_time() - began,
                  "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}}))
"""
_CONTESTANTS = {
    "bare": """
from warcio.archiveiterator import ArchiveIterator
def run(path):
    with open(path, "rb") as file:
        return sum(record.rec_type == "response" for record in ArchiveIterator(file))
""",
    "bodies": """
from warcio.archiveiterator import ArchiveIterator
def run(path):
    with open(path, "rb") as file:
        return sum(bool(record.content_stream().read()) for record in ArchiveIterator(file) if record.rec_type == "response")
""",
    "pieces": """
from pathlib import Path
from flows.readers.warc import Archive, read_pieces
def run(path):
    return sum(piece.documents for piece in read_pieces(Archive(Path(path), path)))
""",
}


def measure(archive: Path, passes: int) -> dict[str, dict[str, float]]:
    """By contestant: pages, median CPU seconds, greatest peak in MB."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in _CONTESTANTS}
    for _ in range(passes):
        for name, body in _CONTESTANTS.items():
            script = _RUN.format(body=body)
            done = subprocess.run(
                [sys.executable, "-c", script, str(archive)], capture_output=True, text=True, check=True, cwd=ROOT
            )
            runs[name].append(json.loads(done.stdout))
    return {
        name: {
            "pages": found[0]["pages"],
            "seconds": statistics.median(one["seconds"] for one in found),
            "peak_mb": max(one["peak_mb"] for one in found),
        }
        for name, found in runs.items()
    }


def main() -> None:
    """Print a table of contestants."""
    parser = argparse.ArgumentParser()
    parser.add_argument("archive", nargs="?", type=Path)
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--size", type=int, default=40_000)
    parser.add_argument("--passes", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        archive = asked.archive
        if archive is None:
            sys.path.insert(0, str(ROOT))
            from tests.flows.webarchive import news, write_archive

            archive = Path(folder) / "news.warc.gz"
            write_archive(archive, news(asked.pages, size=asked.size))
        found = measure(archive.absolute(), asked.passes)
        print(f"{archive.stat().st_size / 1e6:.1f} MB, medians of {asked.passes} passes, CPU seconds")
    for name, one in found.items():
        ratio = one["seconds"] / found["bare"]["seconds"]
        rate = one["pages"] / one["seconds"]
        print(
            f"{name:8} {one['seconds']:7.2f} s  {ratio:5.2f} x bare  {rate:7,.0f} pages/s  peak {one['peak_mb']:6.1f} MB"
        )


if __name__ == "__main__":
    main()
