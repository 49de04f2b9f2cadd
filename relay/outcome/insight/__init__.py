"""What the page shows: each part of it in words and figures, before any of it is HTML."""
