"""What can be asked of customers: one method is one use case and one transaction."""
