"""The four services: leads, customers, deals and finance; none imports another."""
