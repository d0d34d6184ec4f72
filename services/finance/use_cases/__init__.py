"""What can be asked of finance: one method is one use case and one transaction."""
