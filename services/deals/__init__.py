"""Deals: opportunities from first contact to won or lost, and the contracts they end in."""
