"""The tracking API of Segment and RudderStack: `segment` answers, `call` translates calls."""
