"""Leads: intake, the public pool, nurturing and conversion. See `service.py` for the whole."""
