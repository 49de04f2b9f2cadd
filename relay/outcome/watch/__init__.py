"""Notifies people of what needs their attention: the watch, its messages, and their posting."""
