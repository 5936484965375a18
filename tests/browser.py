"""A real Chromium, and pages in it that fail a test over whatever the browser complains of."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the first costs a third
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Two pages of its own that Chromium loads for each window and nobody sees, and what Playwright leaves out and has to be
# said again, since the last list counts.
LEFT_OUT = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
PATIENCE_MILLISECONDS = 15_000
LOOK = Path(__file__).with_name("faults.js")


@contextmanager
def a_browser() -> Iterator[Browser]:
    """The Chromium of this machine, without a window."""
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, NAMES)))
        less = f"--disable-features={','.join(LEFT_OUT)}"
        browser = playwright.chromium.launch(executable_path=found, args=[*QUIET, less])
        yield browser
        browser.close()


@contextmanager
def a_page(browser: Browser, url: str, size: str, *, expected: Sequence[str] = ()) -> Iterator[Page]:
    """A page with cookies of its own; its complaints, and answers of 500 and above, must be exactly the expected."""
    width, height = SIZES[size]
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": height}, locale="zh-CN")
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 500 else None)
    page.goto(url)
    yield page
    page.close()

    assert complaints == list(expected)


def faults(page: Page) -> list[str]:
    """What somebody who sees, hears or types otherwise would stumble over: labels, words, contrast, width."""
    page.wait_for_load_state()  # a page that is on its way has nothing in it yet
    found: list[str] = page.evaluate(LOOK.read_text())
    return found
