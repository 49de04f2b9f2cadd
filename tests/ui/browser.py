"""A real Chromium without a screen, driven as a person would: look, click, type."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

WIDTHS: Final = (320, 768, 1440)
LETTERS: Final = 16
WITHIN_S: Final = 10.0
AXE: Final = Path(__file__).with_name("vendor") / "axe-core-4.14.1.min.js"
SERIOUS: Final = frozenset({"serious", "critical"})

_CUT: Final = """
    const hides = (box) => getComputedStyle(box).overflowX === "hidden";
    const unseen = (box) => getComputedStyle(box).clipPath !== "none";
    const around = (box) => box ? [box, ...around(box.parentElement)] : [];
    const ends = (range) => Math.max(...[...range.getClientRects()].map((each) => each.right));
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) {
      const boxes = around(texts.currentNode.parentElement);
      if (!boxes[0].checkVisibility() || boxes.some(unseen)) continue;
      const range = document.createRange();
      range.selectNodeContents(texts.currentNode);
      const edge = Math.min(...boxes.filter(hides).map((box) => box.getBoundingClientRect().right));
      if (ends(range) > edge + 0.5) found.push([...range.toString().trim()].slice(0, 40).join(""));
    }
    return found;
"""
_WRONG_CLOCK: Final = """
    const right = Date;
    Date = class extends right {
      constructor(...given) { given.length ? super(...given) : super(right.now() + AHEAD_MS); }
      static now() { return right.now() + AHEAD_MS; }
    };
"""
_ARGUMENTS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--lang=en",
)


class Issue(msgspec.Struct, frozen=True):
    """What axe found; `where` are the elements."""

    rule: str
    impact: str
    where: Sequence[str]


class Browser:
    """One window."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        """Load a page."""
        self.driver.get(url)

    def look(
        self, width: int, scheme: str, height: int = 900, *, forced_colours: bool = False
    ) -> None:
        """Have a screen of a size, and a preference for light or dark, or for colours of one's own.

        The latter is what Windows calls a contrast theme.
        """
        self._tell(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
            {"name": "forced-colors", "value": "active" if forced_colours else "none"},
        ]
        self._tell("Emulation.setEmulatedMedia", {"features": features})

    def zone(self, name: str = "") -> None:
        """Be in a time zone; without a name, in that of the machine."""
        self._tell("Emulation.setTimezoneOverride", {"timezoneId": name})

    def letters(self, size: int = LETTERS) -> None:
        """Prefer letters of a size, in pixels, as in the settings of a browser."""
        self._tell("Page.setFontSizes", {"fontSizes": {"standard": size, "fixed": size * 13 // 16}})

    def scripts(self, *, on: bool) -> None:
        """Run the scripts of a page, or none."""
        self._tell("Emulation.setScriptExecutionDisabled", {"value": not on})

    @contextmanager
    def clock(self, ahead_s: int) -> Iterator[None]:
        """Have a clock that is wrong, on pages that are opened meanwhile."""
        script = _WRONG_CLOCK.replace("AHEAD_MS", str(ahead_s * 1000))
        command = "Page.addScriptToEvaluateOnNewDocument"
        added = self.driver.execute_cdp_cmd(command, {"source": script})
        try:
            yield
        finally:
            self._tell("Page.removeScriptToEvaluateOnNewDocument", added)

    def network(self, *, on: bool = True, latency_ms: int = 0) -> None:
        """Have a network that is slow, or none."""
        self._tell("Network.enable", {})
        given = {"offline": not on, "latency": latency_ms}
        rates = {"downloadThroughput": -1, "uploadThroughput": -1}
        self._tell("Network.emulateNetworkConditions", {**given, **rates})

    def find(self, selector: str) -> WebElement:
        """Return the first element."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        """Return all elements."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def cells(self, path: str) -> list[str]:
        """Return what can be read in elements, by XPath; figures without their thousands apart."""
        found = self.driver.find_elements(By.XPATH, path)
        return [" ".join(each.text.replace(",", "").split()) for each in found]

    def click(self, words: str) -> None:
        """Click the first link or button that is labelled so."""
        path = f"//*[self::a or self::button or self::summary][normalize-space()={words!r}]"
        element = self.driver.find_element(By.XPATH, path)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def click_twice(self, selector: str) -> None:
        """Click an element twice at once, as the impatient do."""
        ActionChains(self.driver).double_click(self.find(selector)).perform()

    def paste(self, text: str) -> None:
        """Insert a text where the focus is, as from the clipboard."""
        self._tell("Input.insertText", {"text": text})

    def run(self, script: str) -> Any:
        """Return what a script returns."""
        return self.driver.execute_script(script)

    @property
    def words(self) -> str:
        """All that can be read."""
        words: str = self.run("return document.body ? document.body.innerText : ''")
        return " ".join(words.split())

    @property
    def spoken(self) -> str:
        """What a screen reader was last given to say by itself."""
        words: str = self.run("return document.querySelector('#announce').textContent")
        return words

    def wait_for(self, words: str, within_s: float = WITHIN_S) -> None:
        """Return once the page says so."""
        waiting = WebDriverWait(self.driver, within_s, poll_frequency=0.1)
        waiting.until(lambda _: words in self.words, f"{words!r} is not in: {self.words}")

    def wait_for_news(self) -> None:
        """Return once the figures have come anew by themselves."""
        read = "return document.querySelector('#freshness time').dateTime"
        before = self.run(read)
        waiting = WebDriverWait(self.driver, WITHIN_S, poll_frequency=0.1)
        waiting.until(lambda _: self.run(read) != before, "no news")

    def wide(self) -> int:
        """Return by how many pixels the page is wider than the screen."""
        return int(self.run("return document.documentElement.scrollWidth - innerWidth"))

    def cut(self) -> Sequence[str]:
        """Return the words that end outside of the box that shows them."""
        found: Sequence[str] = self.run(_CUT)
        return found

    def issues(self, rule: str | None = None) -> Sequence[Issue]:
        """Return what hinders people, as axe sees it: by all of its rules, or by one."""
        if not self.run("return !!window.axe"):
            # The policy of the page forbids scripts of others; this way is none of the page's.
            self._tell("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
        found = self.driver.execute_async_script(
            "const [rule, done] = arguments;"
            "const only = rule ? {runOnly: {type: 'rule', values: [rule]}} : {};"
            "axe.run(document, {resultTypes: ['violations'], ...only}).then(r => done("
            "r.violations.map(v => ({rule: v.id, impact: v.impact,"
            " where: v.nodes.map(n => n.html)}))))",
            rule,
        )
        issues = msgspec.convert(found, list[Issue])
        return [each for each in issues if each.impact in SERIOUS]

    def complaints(self) -> Sequence[str]:
        """Return what the browser says of the page: blocked files, scripts that failed."""
        log: Sequence[Mapping[str, Any]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call] # selenium's
        return [str(each["message"]) for each in log]

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """Save what is seen, the whole page or the first screen of it."""
        height = self.run("return document.documentElement.scrollHeight")
        if whole:
            width = self.run("return innerWidth")
            metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            self._tell("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.save_screenshot(str(path))

    def _tell(self, command: str, given: Mapping[str, Any]) -> None:
        self.driver.execute_cdp_cmd(command, dict(given))


@contextmanager
def browser() -> Iterator[Browser]:
    """Open a browser; without one, skip on a laptop and fail in CI."""
    binary, tool = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or tool is None:
        assert os.environ.get("CI") != "true", "chromium and chromium-driver are not installed"
        pytest.skip("NOT TESTED IN A BROWSER: install chromium and chromium-driver")
    options = ChromeOptions()
    options.binary_location = binary
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    driver = Chrome(options=options, service=Service(executable_path=tool))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
