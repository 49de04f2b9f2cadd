"""Commands that read the journal's file, beside a relay that runs or while none does."""
