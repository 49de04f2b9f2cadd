"""Sends events to the platforms: one chain, shared by all destinations and run for each on its own.

read → prepare → batch → limit → send → judge → record. Nothing here knows a platform.
"""
