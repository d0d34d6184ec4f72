"""Tables of deals, rows as aggregates, and the SQL of its reads; the only room with SQLAlchemy."""
