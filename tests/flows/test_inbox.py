"""The inbox as a ledger: what is taken, by whom, and where it comes to rest; with real files, and processes that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flows import inbox as ledger


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    ledger.ensure(tmp_path / "inbox")
    return tmp_path / "inbox"


def drop(inbox: Path, *names: str, text: str = "words") -> None:
    for name in names:
        path = inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text} of {os.fsencode(name)!r}")


def below(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != "lock"}


def names(found: Iterable[ledger.Dropped]) -> list[str]:
    return [d.name for d in found]


def claim(inbox: Path, **more: int) -> str:
    batch = ledger.claim(inbox, settle=0, **more)
    assert batch
    return batch


def test_a_file_goes_from_dropped_to_done(inbox: Path) -> None:
    drop(inbox, "a.html", "kazinform/june/b.txt")
    batch = claim(inbox)
    files = ledger.files_of(inbox, batch)
    assert [(f.name, f.source, f.problem) for f in files] == [
        ("a.html", None, ""),
        ("kazinform/june/b.txt", "kazinform", ""),
    ]
    assert ledger.batches(inbox) == (batch,)
    with ledger.hold(inbox, batch) as deaths:
        assert deaths == 0
        ledger.finish(inbox, batch, files[:1], {files[1]: "no_article: a list page"})
    assert ledger.batches(inbox) == ()
    assert not list((inbox / "_claimed").iterdir())
    day = time.strftime("%Y-%m-%d", time.gmtime())
    assert below(inbox / "_done") == {f"{day}/a.html"}
    assert below(inbox / "_failed") == {f"{day}/kazinform/june/b.txt", f"{day}/kazinform/june/b.txt.reason.txt"}
    assert "no_article: a list page" in (inbox / f"_failed/{day}/kazinform/june/b.txt.reason.txt").read_text()


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.html",
        "half.html.part",
        "x.html.tmp",
        "y.crdownload",
        "draft.txt~",
        "_done/z.html",
        "_mine/z.html",
        ".git/z.html",
    ],
)
def test_unfinished_hidden_and_own_files_are_left_alone(inbox: Path, name: str) -> None:
    drop(inbox, name)
    assert ledger.claim(inbox, settle=0) is None


def test_a_file_is_taken_only_when_it_has_settled_and_nobody_writes_it(inbox: Path) -> None:
    with open(inbox / "slow.html", "w") as writer:
        writer.write("<p>half of")
        writer.flush()
        assert not list(ledger.waiting(inbox, settle=5))
        taken = list(ledger.waiting(inbox, settle=5, now=time.time() + 60))
        assert not taken or sys.platform != "linux"  # long quiet, and still open
    os.utime(inbox / "slow.html", (0, 0))  # as `cp -p` does: an old time says nothing
    assert not list(ledger.waiting(inbox, settle=5))
    assert len(list(ledger.waiting(inbox, settle=5, now=time.time() + 60))) == 1


def test_same_names_again_replace_nothing(inbox: Path) -> None:
    for text in ("first", "second", "third"):
        drop(inbox, "story.html.gz", text=text)
        batch = claim(inbox)
        ledger.finish(inbox, batch, ledger.files_of(inbox, batch), {})
    done = inbox / "_done"
    assert {p.read_text().split()[0] for p in done.rglob("*.gz")} == {"first", "second", "third"}
    assert {p.name for p in done.rglob("*.gz")} == {"story.html.gz", "story~2.html.gz", "story~3.html.gz"}


def test_the_same_file_dropped_again_while_it_is_read_is_a_batch_of_its_own(inbox: Path) -> None:
    drop(inbox, "a.html")
    os.utime(inbox / "a.html", (1, 1))
    first = claim(inbox)
    drop(inbox, "a.html")
    os.utime(inbox / "a.html", (1, 1))
    assert claim(inbox) == f"{first}-2"
    assert len(ledger.batches(inbox)) == 2


def test_links_lead_nowhere_and_unknown_kinds_are_told(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text("secret")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "in.html").write_text("secret")
    (inbox / "link.html").symlink_to(tmp_path / "secret.html")
    (inbox / "linked").symlink_to(tmp_path / "folder")
    os.mkfifo(inbox / "pipe.html")
    drop(inbox, "notes.pdf", "plain")
    batch = claim(inbox)
    files = {f.name: f.problem for f in ledger.files_of(inbox, batch)}
    assert set(files) == {"link.html", "linked", "notes.pdf", "plain"}
    assert "symbolic link" in files["link.html"]
    assert "symbolic link" in files["linked"]
    assert "unknown kind" in files["notes.pdf"]
    assert files["plain"] == ""
    ledger.finish(inbox, batch, (), {f: f.problem or "x" for f in ledger.files_of(inbox, batch)})
    assert (tmp_path / "secret.html").read_text() == "secret"
    assert (tmp_path / "folder" / "in.html").exists()


@pytest.mark.parametrize("name", ["../../etc", "..", "", "/etc", "ab/../..", "0f\0"])
def test_a_batch_name_never_leads_out(inbox: Path, name: str) -> None:
    assert not ledger.is_batch(inbox, name)
    with ledger.hold(inbox, name) as deaths:
        assert deaths is None


def test_names_of_any_bytes(inbox: Path) -> None:
    odd = os.fsdecode(b"caf\xe9 \n one.html")
    drop(inbox, odd)
    batch = claim(inbox)
    (file,) = ledger.files_of(inbox, batch)
    assert file.name == "caf� \n one.html"
    ledger.finish(inbox, batch, [file], {})
    assert [p.name for p in (inbox / "_done").rglob("*.html")] == [odd]


@pytest.mark.parametrize("name", ["x" * 250 + ".html", "é" * 120 + ".html.gz", "x" * 255, ".".join(["x" * 50] * 5)])
def test_names_as_long_as_a_disk_takes_are_set_aside_too(inbox: Path, name: str) -> None:
    """A reason beside it and a number in it make a name longer: the batch must not stay behind, in the way of all others."""
    for number in range(3):
        drop(inbox, name, text=f"words {number}")
        batch = claim(inbox)
        files = ledger.files_of(inbox, batch)
        with ledger.hold(inbox, batch):
            ledger.finish(
                inbox, batch, files if number == 1 else (), {} if number == 1 else dict.fromkeys(files, "empty")
            )
        assert ledger.batches(inbox) == ()
    assert not (inbox / name).exists()
    assert len(below(inbox / "_done")) == 1
    failed = sorted(below(inbox / "_failed"))
    assert len(failed) == 4
    assert [name + ".reason.txt" in failed for name in failed].count(True) == 2


@pytest.mark.parametrize("depth", [ledger.DEEPEST - 1, ledger.DEEPEST, 3 * ledger.DEEPEST])
def test_what_lies_deeper_than_folders_of_people_is_left(inbox: Path, depth: int) -> None:
    """Nobody can take it in without losing himself, and what lies beside it is taken."""
    drop(inbox, "good.html")
    at = os.open(inbox, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("a", dir_fd=at)
        below, at = at, os.open("a", os.O_RDONLY, dir_fd=at)
        os.close(below)
    os.close(os.open("deep.html", os.O_CREAT | os.O_WRONLY, dir_fd=at))
    os.close(at)
    found = [path.name for path, _ in ledger.waiting(inbox, settle=-60)]
    assert sorted(found) == (["deep.html", "good.html"] if depth < ledger.DEEPEST else ["good.html"])
    assert claim(inbox)


def test_a_path_that_is_longer_once_it_is_claimed_is_left(inbox: Path) -> None:
    folder = inbox
    while len(os.fsencode(folder)) < 3750:
        folder /= "b" * 100
    folder.mkdir(parents=True)
    (folder / ("c" * 100 + ".html")).write_text("words")
    drop(inbox, "good.html")
    batch = claim(inbox)
    assert names(ledger.files_of(inbox, batch)) == ["good.html"]
    assert ledger.is_empty(inbox)


def test_batches_are_bounded_in_files_and_bytes(inbox: Path) -> None:
    drop(inbox, *(f"{i:02}.html" for i in range(7)))
    sizes = []
    while batch := ledger.claim(inbox, settle=0, files=3):
        sizes.append(len(ledger.files_of(inbox, batch)))
    assert sizes == [3, 3, 1]
    drop(inbox, "big1.html", "big2.html", text="x" * 1000)
    assert len(ledger.files_of(inbox, claim(inbox, size=1500))) == 1


def test_many_claim_at_once_and_each_file_goes_to_one(inbox: Path) -> None:
    drop(inbox, *(f"{i:03}.html" for i in range(200)))

    def work(_: int) -> list[str]:
        mine = []
        while batch := ledger.claim(inbox, settle=0, files=9):
            mine += names(ledger.files_of(inbox, batch))
        return mine

    with ThreadPoolExecutor(6) as pool:
        every = [name for found in pool.map(work, range(6)) for name in found]
    assert sorted(every) == [f"{i:03}.html" for i in range(200)]
    assert not list(ledger.waiting(inbox, settle=0))


def test_only_one_holds_a_batch_and_a_dead_holder_is_counted(inbox: Path) -> None:
    drop(inbox, "a.html")
    batch = claim(inbox)
    script = (
        "import sys, time; from pathlib import Path; from flows import inbox\n"
        "with inbox.hold(Path(sys.argv[1]), sys.argv[2]) as deaths:\n    print(deaths, flush=True); time.sleep(60)"
    )
    for before in (0, 1):
        with subprocess.Popen(
            [sys.executable, "-c", script, str(inbox), batch], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout
            assert child.stdout.readline().strip() == str(before)
            assert ledger.held(inbox, batch)
            with ledger.hold(inbox, batch) as mine:
                assert mine is None
            child.send_signal(signal.SIGKILL)
    assert not ledger.held(inbox, batch)
    with pytest.raises(KeyboardInterrupt), ledger.hold(inbox, batch):
        raise KeyboardInterrupt  # an orderly end is no death
    with ledger.hold(inbox, batch) as deaths:
        assert deaths == 2
        ledger.finish(inbox, batch, ledger.files_of(inbox, batch), {})
    with ledger.hold(inbox, batch) as deaths:
        assert deaths is None
