"""Content encodings undone piece by piece, so that a small answer cannot become a large one in memory.

gzip, deflate, brotli and zstd. Every step yields a bounded piece, and the sum is compared with the limits before the next.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

RATIO = 200
"""How many times larger than what was sent a body may become; text seldom passes 30, gzip of nothing reaches 1,000."""
_RATIO_FROM = 1 << 20
_STEP = 1 << 16
_ZSTD_INPUT = 512
"""Bytes given to zstd at once: four of them can say 128 KB, and the library bounds its input only."""
_ZSTD_WINDOW = 8 << 20

ACCEPTED = "gzip, deflate, br, zstd"


class BadBody(Exception):
    """A body that cannot be used. `reason` is `too_large`, `bomb`, `bad_encoding` or `truncated`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


Unpack = Callable[[bytes], Iterator[bytes]]


class Body:
    """The body of one answer, growing; it never holds more than the limit and one step.

    Raises:
        BadBody: from every method.
    """

    def __init__(self, encodings: str, limit: int) -> None:
        names = [e.strip().lower() for e in encodings.split(",") if e.strip().lower() not in ("", "identity")]
        if len(names) > 2:
            raise BadBody("bad_encoding", f"encoded {len(names)} times over")
        self.limit, self.received = limit, 0
        self.bytes = bytearray()
        self._steps = [_Step(name) for name in reversed(names)]

    def add(self, chunk: bytes) -> None:
        """Take in what the server sent."""
        self.received += len(chunk)
        for piece in self._through(chunk, 0):
            self.bytes += piece
            size = len(self.bytes)
            if size > self.limit:
                raise BadBody("too_large", f"more than {self.limit >> 20} MB")
            if size > _RATIO_FROM and size > RATIO * self.received:
                raise BadBody("bomb", f"it grows more than {RATIO} times when unpacked")

    def _through(self, chunk: bytes, step: int) -> Iterator[bytes]:
        if step == len(self._steps):
            yield chunk
            return
        for piece in self._steps[step].unpack(chunk):
            yield from self._through(piece, step + 1)

    def end(self) -> bytes:
        """All of it, when the server has sent all."""
        if not all(step.done() for step in self._steps):
            raise BadBody("truncated", "the compressed body ends too early")
        return bytes(self.bytes)


class _Step:
    """One encoding, undone."""

    def __init__(self, name: str) -> None:
        kinds: dict[str, Callable[[], None]] = {"gzip": self._gzip, "x-gzip": self._gzip, "deflate": self._deflate,
                 "br": self._brotli, "zstd": self._zstd}  # fmt: skip
        if name not in kinds:
            raise BadBody("bad_encoding", f"content-encoding {name[:40]!r}")
        self.name = name
        self._begun = False
        self._plain = False
        self._run: Unpack
        self.done: Callable[[], bool]
        kinds[name]()

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        if not chunk:
            return
        if not self._begun:
            self._begun = True
            # Some servers announce gzip and send plain text.
            self._plain = self.name.endswith("gzip") and chunk[:1] != b"\x1f"
        if self._plain:
            yield chunk
            return
        try:
            yield from self._run(chunk)
        except BadBody:
            raise
        except Exception as error:  # zlib.error, brotli.error, ZstdError: three libraries, no common class
            raise BadBody("bad_encoding", f"{self.name}: {error}") from error

    def _gzip(self) -> None:
        self._zlib(31)

    def _deflate(self) -> None:
        self._zlib(0)

    def _zlib(self, bits: int) -> None:
        state = zlib.decompressobj(bits) if bits else None

        def run(chunk: bytes) -> Iterator[bytes]:
            nonlocal state
            if state is None:  # with the header or, against the standard and often, without
                state = zlib.decompressobj(15 if chunk[0] & 15 == 8 else -15)
            while chunk and not state.eof:
                yield state.decompress(chunk, _STEP)
                chunk = state.unconsumed_tail

        self._run = run
        self.done = lambda: self._plain or not self._begun or (state is not None and state.eof)

    def _brotli(self) -> None:
        import brotli

        state = brotli.Decompressor()

        def run(chunk: bytes) -> Iterator[bytes]:
            piece = state.process(chunk, output_buffer_limit=_STEP)
            while piece or not state.can_accept_more_data():
                yield piece
                piece = state.process(b"", output_buffer_limit=_STEP)

        self._run = run
        self.done = lambda: not self._begun or bool(state.is_finished())

    def _zstd(self) -> None:
        import zstandard

        state = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()

        def run(chunk: bytes) -> Iterator[bytes]:
            for at in range(0, len(chunk), _ZSTD_INPUT):
                if state.eof:
                    return
                yield state.decompress(chunk[at : at + _ZSTD_INPUT])

        self._run = run
        self.done = lambda: not self._begun or bool(state.eof)
