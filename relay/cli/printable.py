"""Texts of outsiders, without what would steer a terminal: escapes, and turns of the direction."""


def printable(text: str) -> str:
    """Return a text on one line; what is not printable becomes a `?`."""
    return "".join(char if char.isprintable() else "?" for char in text)


def escaped(json: str) -> str:
    """Return the same JSON, on as many lines; what is not printable in its texts is escaped."""
    return "\n".join(map(_escaped, json.split("\n")))


def _escaped(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() else _escape(char) for char in line)


def _escape(char: str) -> str:
    """Return a character as JSON takes it, beyond the first 65,536 as two."""
    units = char.encode("utf-16-be").hex(" ", 2).split()
    return "".join(f"\\u{unit}" for unit in units)
