"""Removes from text what would control a terminal: escapes, and changes of text direction."""


def printable(text: str) -> str:
    """Return a text on one line; unprintable characters become `?`."""
    return "".join(char if char.isprintable() else "?" for char in text)


def escaped(json: str) -> str:
    """Return the same JSON, on as many lines, with unprintable characters in its texts escaped."""
    return "\n".join(map(_escaped, json.split("\n")))


def _escaped(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() else _escape(char) for char in line)


def _escape(char: str) -> str:
    """Return a character as a JSON escape, beyond U+FFFF as two."""
    units = char.encode("utf-16-be").hex(" ", 2).split()
    return "".join(f"\\u{unit}" for unit in units)
