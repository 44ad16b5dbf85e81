"""What the calls for words came to, over a window: read from the ledger, told to operators."""
