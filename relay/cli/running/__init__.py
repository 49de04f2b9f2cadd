"""Commands that ask or tell a running relay, by its admin port."""
