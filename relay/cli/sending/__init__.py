"""Commands that post events to a running relay, as any producer does."""
