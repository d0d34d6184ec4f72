"""One class per capability of the gateway's own data; one method is one transaction."""
