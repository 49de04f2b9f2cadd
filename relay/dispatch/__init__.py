"""Dispatch: the one sender chain, the same for all destinations and independent for each.

read → prepare → batch → limit → send → judge → record. Nothing here knows a platform.
"""
