"""Room: how much there is, and what is forgotten to make some."""
