"""The customer 360 view: what four services and the event log know of one customer, at once."""
