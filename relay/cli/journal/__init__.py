"""Commands that read the journal's file, whether a relay is running or not."""
