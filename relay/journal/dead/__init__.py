"""Dead letters: selected, listed, counted, replayed and dropped."""
