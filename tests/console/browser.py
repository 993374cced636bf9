"""Debian's Chromium, and pages that complain when the console does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

PROGRAM = Path("/usr/bin/chromium")
PATIENCE_MS = 10_000
DESK = (1280, 800)
PHONE = (390, 844)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """One browser. It is not found: `make test` installs it, so that is a failure."""
    assert PROGRAM.exists(), f"{PROGRAM} is missing; `make test` installs it"
    # Chromium's own sandbox does not start for root, and CI is root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=PROGRAM, args=arguments, timeout=60_000
        )
        yield browser
        browser.close()


class Watch:
    """All that a console's user would see as broken, were the tools open."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        self.forgiven: list[str] = []
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("response", self._on_response)

    def forgive(self, words: str) -> None:
        """A complaint with these words is what the test is about."""
        self.forgiven.append(words)

    def left(self) -> list[str]:
        """What nobody has forgiven."""
        return [
            one for one in self.complaints if not any(word in one for word in self.forgiven)
        ]

    def _on_console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            where = message.location.get("url", "")
            self.complaints.append(f"{message.type}: {message.text} ({where})")

    def _on_response(self, response: Any) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")


@contextmanager
def visiting(
    browser: Browser,
    url: str,
    *,
    size: tuple[int, int] = DESK,
    scheme: Literal["light", "dark"] = "light",
) -> Iterator[tuple[Page, Watch]]:
    """A fresh browser window on that installation; nothing may be complained of."""
    context = browser.new_context(
        base_url=url,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce",
        has_touch=size == PHONE,
        permissions=["clipboard-read", "clipboard-write"],
        locale="en-GB",
        timezone_id="UTC",
    )
    context.set_default_timeout(PATIENCE_MS)
    watch = Watch(context)
    try:
        yield context.new_page(), watch
    finally:
        context.close()
    assert watch.left() == []
