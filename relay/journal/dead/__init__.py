"""Dead letters: chosen, listed, counted, replayed and dropped."""
