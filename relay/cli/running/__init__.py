"""Commands that query or control a running relay through its admin port."""
