"""Finance: receivables from approved contracts, receipts that settle them, refunds."""
