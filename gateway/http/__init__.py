"""HTTP as the gateway speaks it: headers, bodies, problems, and operations as tables."""
