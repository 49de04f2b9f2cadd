"""Tells people what needs them: what is looked at, what is said of it, how it is posted."""
