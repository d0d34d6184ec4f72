"""The house on one machine: an embedded PostgreSQL, a private RabbitMQ and every process.

Used by `make run`, by `make test` and by tests that need a broker or a database of their own.
"""
