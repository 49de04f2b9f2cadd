"""What hinders people at a page: on a phone, a tablet and a desk, in light and in dark."""

from collections.abc import Iterator

from tests.ui.browser import WIDTHS, Browser


def hindrances(screen: Browser) -> Iterator[str]:
    """Yield what is wrong with the page that is open.

    Of axe's rules, only that of contrast looks at colours: the others are asked once a width.
    """
    for width in WIDTHS:
        screen.look(width, "light")
        if (excess := screen.wide()) > 0:
            yield f"{excess} pixels too wide at {width}"
        yield from (f"{words!r} is cut at {width}" for words in screen.cut())
        yield from (f"{issue} at {width}" for issue in screen.issues())
        screen.look(width, "dark")
        yield from (f"{issue} at {width} in dark" for issue in screen.issues("color-contrast"))
    yield from (each for each in screen.complaints() if "status of" not in each)
    if screen.run("return window.pwned") is not None:
        yield "words from outside were executed"
