"""The only door from outside: the HTTP API, the 360 view, identity and the event log."""
