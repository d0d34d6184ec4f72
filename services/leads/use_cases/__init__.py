"""One class per capability, one method per use case, one transaction per method."""
