"""What can be asked of deals: one file per capability, one method per transaction."""
