"""Measurements of a running system; every figure is a ratio or CPU time, taken in one run."""
