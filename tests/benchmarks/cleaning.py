"""Cleaning beside trafilatura and a plain get_text, in one run over the same pages: seconds, peak memory, growth with page size.

    python tests/benchmarks/cleaning.py PAGES --peer PYTHON [--passes 3]

PAGES is a folder of .html or .html.gz files; PYTHON is the interpreter of an environment with `trafilatura==2.3.1 lxml>=6 beautifulsoup4`. Every
contestant starts from raw bytes, gives text and metadata, and runs in a process of its own, one core, passes in turn; CPU seconds are compared.
Not run by pytest.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_READ = """
import gzip, json, pathlib, resource, sys, time
pages = []
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    if path.name.endswith((".html", ".html.gz", ".htm")):
        raw = path.read_bytes()
        pages.append(gzip.decompress(raw) if raw[:2] == b"\\x1f\\x8b" else raw)
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
def run(clean):
    began, characters = time.process_time(), 0
    for raw in pages:
        characters += clean(raw)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"pages": len(pages), "bytes": sum(map(len, pages)), "seconds": time.process_time() - began, "characters": characters,
                      "peak_mb": peak / 1024, "over_pages_mb": (peak - base) / 1024}))
"""
_OURS = (
    _READ
    + """
from extractors.article import read_article
from extractors.records import Capture, ExtractionError
def clean(raw):
    try:
        return len(read_article(Capture(raw, "page")).text)
    except ExtractionError:
        return 0
run(clean)
"""
)
_TRAFILATURA = (
    _READ
    + """
import trafilatura
def clean(raw):
    answer = trafilatura.extract(raw, output_format="json", with_metadata=True)
    return len(json.loads(answer)["text"] or "") if answer else 0
run(clean)
"""
)
_GET_TEXT = (
    _READ
    + """
from bs4 import BeautifulSoup
run(lambda raw: len(BeautifulSoup(raw, "lxml").get_text(" ")))
"""
)


def measure(python: str, script: str, pages: Path) -> dict[str, float]:
    done = subprocess.run([python, "-c", script, str(pages)], capture_output=True, text=True, check=True, cwd=ROOT)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def growth() -> list[tuple[int, float]]:
    """Seconds for one page of 1, 10 and 100 times the paragraphs."""
    import time

    sys.path.insert(0, str(ROOT))
    from extractors.article import read_article
    from extractors.records import Capture

    paragraph = "<p>The council of Lowmere met for the {}th time, and it voted to build a new <a href='/b'>bridge</a> before winter.</p>\n"
    found = []
    for size in (300, 3_000, 30_000):
        body = "".join(paragraph.format(n) for n in range(size))
        page = f"<html><body><article><h1>Lowmere builds a bridge</h1>{body}</article></body></html>".encode()
        times = []
        for _ in range(3):
            began = time.process_time()
            read_article(Capture(page, "page"))
            times.append(time.process_time() - began)
        found.append((len(page), min(times)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--peer", required=True, help="python of the environment that holds trafilatura")
    parser.add_argument("--passes", type=int, default=3)
    options = parser.parse_args()
    contestants = {
        "dateline": (sys.executable, _OURS),
        "trafilatura + metadata": (options.peer, _TRAFILATURA),
        "get_text": (options.peer, _GET_TEXT),
    }
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in contestants}
    for _ in range(options.passes):
        for name, (python, script) in contestants.items():
            runs[name].append(measure(python, script, options.pages))
    peer = statistics.median(r["seconds"] for r in runs["trafilatura + metadata"])
    print(f"{'':24s}{'s':>8s}{'ms/page':>9s}{'MB/s':>7s}{'ratio':>7s}{'peak MB':>9s}{'over pages':>11s}")
    for name, results in runs.items():
        seconds = statistics.median(r["seconds"] for r in results)
        first = results[0]
        print(
            f"{name:24s}{seconds:8.2f}{1000 * seconds / first['pages']:9.2f}{first['bytes'] / 1e6 / seconds:7.1f}{seconds / peer:7.3f}"
            f"{max(r['peak_mb'] for r in results):9.0f}{max(r['over_pages_mb'] for r in results):11.0f}"
        )
    print("growth:", ", ".join(f"{size / 1000:,.0f} KB {1000 * seconds:,.1f} ms" for size, seconds in growth()))


if __name__ == "__main__":
    main()
