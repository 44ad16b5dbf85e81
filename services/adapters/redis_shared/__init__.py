"""The cache and the purse in Redis, over one connection a process."""
