"""Tables, locks and SQL of leads; the only room of the service that knows SQLAlchemy."""
