"""What no page of the hall may do, and what axe finds on it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebError

# Chromium names a violation on the console; this names the directive and the line, too.
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", event => console.error(
  `CSP ${event.effectiveDirective}: ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`
));
"""
LOCAL_SCHEMES = {"data", "blob", "about"}


class Guard:
    """Collects errors of pages: on the console, against the CSP, to other hosts, of the server."""

    def __init__(self, base_url: str) -> None:
        self.host = urlsplit(base_url).netloc
        self.problems: list[str] = []
        self.expected: list[str] = []

    def watch(self, context: BrowserContext) -> None:
        """Listen to every page of a context, now and later."""
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self.on_console)
        context.on("weberror", self.on_error)
        context.on("request", self.on_request)
        context.on("response", self.on_response)

    def expect(self, pattern: str) -> None:
        """Let problems pass that this pattern finds, for a test that provokes one."""
        self.expected.append(pattern)

    def check(self) -> None:
        """Fail if anything unexpected happened."""
        found = [p for p in self.problems if not any(re.search(e, p) for e in self.expected)]
        assert not found, "The pages misbehaved:\n" + "\n".join(dict.fromkeys(found))

    def on_console(self, message: ConsoleMessage) -> None:
        """Note an error or a warning on the console."""
        if message.type in ("error", "warning", "assert"):
            where = message.location
            self.problems.append(f"console: {message.text} ({where['url']}:{where['lineNumber']})")

    def on_error(self, error: WebError) -> None:
        """Note an exception that no script caught."""
        self.problems.append(f"exception: {error.error}")

    def on_request(self, request: Request) -> None:
        """Note a request that leaves the hall."""
        url = urlsplit(request.url)
        if url.netloc != self.host and url.scheme not in LOCAL_SCHEMES:
            self.problems.append(f"request to another host: {request.url}")

    def on_response(self, response: Response) -> None:
        """Note an answer that tells of a fault in the server."""
        if response.status >= 500:
            self.problems.append(f"answer {response.status}: {response.url}")


def axe(page: Page) -> None:
    """Fail with a readable list if axe finds anything on the page."""
    found = Axe().run(page).response["violations"]
    assert not found, f"axe on {page.url}:\n" + "\n".join(map(described, found))


def described(violation: dict[str, Any]) -> str:
    """A rule that is broken, and the elements that break it."""
    lines = [f"{violation['id']} ({violation['impact']}): {violation['help']}"]
    for node in violation["nodes"]:
        lines.append("    " + " ".join(map(str, node["target"])))
        lines += [f"        {line}" for line in node["failureSummary"].splitlines()]
    return "\n".join(lines)
