"""Processes that read what strangers wrote, and one thread that watches them from outside: their memory, and the seconds one document takes.

What a document does to the process that reads it, it does to nothing else. A worker that takes too much is ended (memory by the thread,
seconds of the processor by a timer of the system), one that dies is replaced; the document it was reading is tried once more, in a
fresh worker, and then set aside as `Lost`, while those before it are done and those behind it go on. Workers never outlive who started them: in each a thread waits for
the end of its parent, and the timer ends one whose interpreter does not come round any more.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

TRIES = 2
"""How often one document may end a worker."""
STARTS = 3
"""Workers in a row that may die before they can work at all."""
_LOOK = 0.1
"""Seconds between two looks at the workers' memory."""
_FULL = 0.6
"""Share of the memory allowed above which a worker is replaced after its job: what lies about is not the next document's."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What reading one document may take."""

    memory: int = 1_500_000_000
    """Bytes a worker may hold, its lexicons included."""
    seconds: float = 60.0
    """Of the processor; the same document takes as many on a busy machine."""
    patience: float = 10.0
    """How many times as long it may take on the clock."""


@dataclass(frozen=True, slots=True)
class Lost:
    """In the place of a result: reading this document ended two workers."""

    reason: str
    """`too_costly` (memory or time) or `worker_died`."""
    message: str


class WorkersFailed(OSError):
    """The workers themselves cannot be started, or were closed while they worked."""


@dataclass(eq=False, slots=True)
class _Job:
    """Arguments on their way, and what came of those that are done."""

    work: Callable[[Any], Any]
    arguments: Sequence[Any]
    future: Future[list[Any]]
    results: list[Any] = field(default_factory=list)
    tries: int = 0
    """Workers that the argument under way has ended."""


class _Worker:
    """One process, seen from outside."""

    def __init__(self, prepare: Callable[[], None] | None, seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(theirs, prepare, seconds), name="dateline-reader", daemon=True
        )
        self.process.start()
        theirs.close()
        self.ready = False
        self.job: _Job | None = None
        self.since = time.monotonic()
        self.ended = ""
        """Why we ended it."""

    def give(self, job: _Job) -> None:
        """Hand over what is left of a job."""
        self.job, self.since = job, time.monotonic()
        with suppress(OSError):  # it died meanwhile, which its sentinel tells
            self.pipe.send((job.work, job.arguments[len(job.results) :]))

    def kill(self, why: str = "") -> None:
        """End it now."""
        self.ended = self.ended or why
        self.process.kill()

    def close(self) -> None:
        """End it and give back what it held."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


class Workers:
    """Some processes and their watcher. Every method may be called from any thread."""

    def __init__(self, count: int, bounds: Bounds | None = None, prepare: Callable[[], None] | None = None) -> None:
        """
        Args:
            count: processes at most; the first is started at once, the others when there is work for them.
            prepare: called in each before its first job; the first job waits for it.
        """
        self.count, self.bounds, self.prepare = count, bounds or Bounds(), prepare
        self._jobs: deque[_Job] = deque()
        self._workers: list[_Worker] = []
        self._lock = threading.Lock()
        self._closed = False
        self._stillborn = 0
        self._woken, self._waker = os.pipe()
        self._workers.append(_Worker(prepare, self.bounds.seconds))
        self._thread = threading.Thread(target=self._run, name="workers", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Any], Any], arguments: Sequence[Any]) -> Future[list[Any]]:
        """Have `work` called with each argument, one after the other, in one worker.

        Returns:
            A future of as many results: what came back, the exception it raised, or `Lost`. It raises `WorkersFailed`, or what
            `prepare` raised.
        """
        job = _Job(work, arguments, Future())
        if not arguments:  # a batch of nothing but failures: no worker would ever say that it is done
            job.future.set_result([])
            return job.future
        with self._lock:
            if self._closed:
                raise WorkersFailed("the workers are closed")
            self._jobs.append(job)
        self._wake()
        return job.future

    def close(self) -> None:
        """End all workers; what is not done comes to nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._wake()
        self._thread.join()
        os.close(self._woken)
        os.close(self._waker)

    def _wake(self) -> None:
        with suppress(OSError):
            os.write(self._waker, b"x")

    # What follows runs in the thread.

    def _run(self) -> None:
        try:
            while not self._closed:
                self._assign()
                self._listen()
                self._watch()
        except BaseException as error:  # nobody must wait for a watcher that is gone
            self._fail(WorkersFailed(f"{type(error).__name__}: {error}"))
            raise
        finally:
            self._closed = True
            for worker in self._workers:
                worker.close()
            self._fail(WorkersFailed("the workers were closed before the work was done"))

    def _fail(self, error: Exception) -> None:
        jobs = [worker.job for worker in self._workers if worker.job is not None]
        with self._lock:
            jobs += self._jobs
            self._jobs.clear()
        for job in jobs:
            with suppress(InvalidStateError):
                job.future.set_exception(error)

    def _assign(self) -> None:
        """Hand the jobs that wait to workers that are free, and start workers for the others."""
        with self._lock:
            waiting = len(self._jobs)
        coming = 0
        for worker in self._workers:
            if worker.job is None and worker.ready and waiting:
                with self._lock:
                    job = self._jobs.popleft()
                waiting -= 1
                worker.give(job)
            coming += not worker.ready
        for _ in range(min(waiting - coming, self.count - len(self._workers))):
            self._workers.append(_Worker(self.prepare, self.bounds.seconds))

    def _listen(self) -> None:
        """Take in what the workers say, and notice those that died."""
        busy = any(worker.job is not None for worker in self._workers)
        pipes = {worker.pipe: worker for worker in self._workers}
        ends = {worker.process.sentinel: worker for worker in self._workers}
        said = set(wait([self._woken, *pipes, *ends], _LOOK if busy else None))
        if self._woken in said:
            os.read(self._woken, 4096)
        for pipe, worker in pipes.items():
            # What it said before it died counts.
            while pipe in said and pipe.poll():
                try:
                    message = pipe.recv()
                except Exception:  # its end, or a piece of a message: what died while it spoke is not to be believed
                    worker.kill()
                    said.add(worker.process.sentinel)
                    break
                self._take(worker, message)
        for sentinel, worker in ends.items():
            if sentinel in said and worker in self._workers:
                self._bury(worker)

    def _take(self, worker: _Worker, message: tuple[str, Any]) -> None:
        kind, value = message
        job = worker.job
        if kind == "ready":
            worker.ready, self._stillborn = True, 0
        elif kind == "unprepared":
            self._fail(value)
        elif job is not None:
            job.results.append(value)
            job.tries, worker.since = 0, time.monotonic()
            if len(job.results) == len(job.arguments):
                worker.job = None
                with suppress(InvalidStateError):
                    job.future.set_result(job.results)
                if memory_of(worker.process.pid) > _FULL * self.bounds.memory:
                    self._workers.remove(worker)
                    worker.close()

    def _bury(self, worker: _Worker) -> None:
        """Let go of a worker that died; its job goes on, without the document that ends workers."""
        self._workers.remove(worker)
        worker.close()
        job = worker.job
        if not worker.ready:
            self._stillborn += 1
            if self._stillborn >= STARTS:
                self._fail(WorkersFailed(f"worker processes end as they start ({_how(worker.process.exitcode)})"))
            return
        if job is None:
            return
        job.tries += 1
        if job.tries >= TRIES:
            timed = worker.process.exitcode == -signal.SIGPROF
            why = worker.ended or (f"it took more than {self.bounds.seconds:g} seconds" if timed else "")
            job.results.append(
                Lost("too_costly", why) if why else Lost("worker_died", f"its reader {_how(worker.process.exitcode)}")
            )
            job.tries = 0
        if len(job.results) == len(job.arguments):
            with suppress(InvalidStateError):
                job.future.set_result(job.results)
            return
        with self._lock:
            self._jobs.appendleft(job)

    def _watch(self) -> None:
        """End the workers that take more than they may."""
        for worker in self._workers:
            if worker.job is None:
                continue
            held = memory_of(worker.process.pid)
            if held > self.bounds.memory:
                worker.kill(f"it took more than {self.bounds.memory / 1e6:,.0f} MB of memory")
            elif time.monotonic() - worker.since > self.bounds.seconds * self.bounds.patience:
                worker.kill(f"it took more than {self.bounds.seconds * self.bounds.patience:g} seconds")


def _how(status: int | None) -> str:
    if status is not None and status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def memory_of(pid: int | None) -> int:
    """Bytes of memory that a process holds; 0 when it is gone or the system does not say."""
    try:
        if sys.platform == "linux":
            return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _page_size()
        said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, timeout=5)
        return int(said.stdout or 0) * 1024
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return 0


@cache
def _page_size() -> int:
    return os.sysconf("SC_PAGE_SIZE")


# What follows runs in the worker.


def _serve(pipe: Connection, prepare: Callable[[], None] | None, seconds: float) -> None:
    """A worker's life: prepare, then job after job, until the pipe or the parent is gone."""
    # Ctrl-C and a closed terminal reach every process of the terminal: the workers leave them to the parent, which ends them.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGPROF):
        signal.signal(number, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        if prepare is not None:
            prepare()
    except Exception as error:
        pipe.send(("unprepared", error))
        return
    with suppress(EOFError, OSError):
        pipe.send(("ready", None))
        while True:
            work, arguments = pipe.recv()
            for argument in arguments:
                # The system ends this process, also when a pattern holds the interpreter, and when the parent is gone.
                signal.setitimer(signal.ITIMER_PROF, seconds)
                try:
                    value = work(argument)
                except Exception as error:
                    value = error
                signal.setitimer(signal.ITIMER_PROF, 0)
                pipe.send(("done", value))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
