"""Customers, their contacts, and the activities recorded for any subject.

Owns the archive that all departments share (C1, C2, C5) and guards the customer 360 view: whoever
may not see the customer learns nothing about it from any other section.
"""
