"""Segment's tracking API, and RudderStack's: `segment` answers, `call` says what an event is."""
