"""The content of the page, in words and figures, before it becomes HTML."""
