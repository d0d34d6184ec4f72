"""What a lead is and what may happen to it: frozen dataclasses and pure functions.

No clock, no I/O, no library: everything a decision needs is an argument.
"""
