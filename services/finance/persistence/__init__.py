"""Tables, locks and SQL of finance; the only room of the service that knows SQLAlchemy."""
