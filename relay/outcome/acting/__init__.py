"""What an operator can do to a running relay: dead letters, erasure, and the audit of each act."""
