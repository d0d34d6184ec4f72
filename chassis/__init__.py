"""What every process of Omnibus needs, and no business word in it.

The field calls this a microservice chassis: settings, transactions, outbox and inbox, the bus,
identity of the caller, health and metrics. Nothing here may import `schemas`, `services` or
`gateway`.
"""
