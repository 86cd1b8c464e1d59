"""A headless Chromium, driven through ChromeDriver by the WebDriver protocol: what a user of the server's pages has before him."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DRIVER = shutil.which("chromedriver")
PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage --disable-background-networking --disable-component-update --disable-sync --window-size=1400,1800"
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One window."""

    def __init__(self, driver: str, session: str) -> None:
        self._session = f"{driver}/session/{session}"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        return _ask(self._session + path, method, body)

    def open(self, url: str) -> None:
        self.ask("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript in the page; what it returns, or its promise resolves to."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    @property
    def text(self) -> str:
        return str(self.run("return document.body ? document.body.innerText : ''"))

    @property
    def place(self) -> str:
        return str(self.run("return location.href"))

    def until(self, words: str, seconds: float = 120) -> None:
        """Wait until the page shows these words."""
        end = time.monotonic() + seconds
        while words not in (seen := self.text):
            assert time.monotonic() < end, f"{self.place} does not show {words!r}: {seen[:2000]}"
            time.sleep(0.1)

    def find(self, selector: str, seconds: float = 120) -> str:
        """The reference of the first element; waits for it."""
        end = time.monotonic() + seconds
        while not (found := self.ask("POST", "/elements", {"using": "css selector", "value": selector})):
            assert time.monotonic() < end, f"{self.place} has no {selector}: {self.text[:2000]}"
            time.sleep(0.1)
        return str(found[0][_ELEMENT])

    def type(self, selector: str, words: str) -> None:
        self.ask("POST", f"/element/{self.find(selector)}/value", {"text": words})

    def said(self) -> list[str]:
        """What the browser wrote into its console since it was asked last."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})]


@contextmanager
def chromium(folder: Path, *flags: str) -> Iterator[Browser]:
    """A fresh browser with an empty profile in `folder`."""
    assert DRIVER
    assert PROGRAM
    with subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as driver:
        try:
            assert driver.stdout
            port = next(found[1] for line in driver.stdout if (found := re.search(r"successfully on port (\d+)", line)))
            options = {"binary": PROGRAM, "args": [*_FLAGS.split(), f"--user-data-dir={folder}/profile", *flags]}
            wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            base = f"http://127.0.0.1:{port}"
            session = _ask(f"{base}/session", "POST", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
            browser = Browser(base, session)
            try:
                yield browser
            finally:
                browser.ask("DELETE", "")
        finally:
            driver.terminate()


def _ask(url: str, method: str, body: Any) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=90) as answer:
        return json.load(answer)["value"]
