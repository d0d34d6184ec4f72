"""Rules of customers: frozen states and pure functions; no clock, no database, no transport."""
