"""What an operator does to a running relay: dead letters, erasures, and the audit of all acts."""
