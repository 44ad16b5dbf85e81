"""The cache and the purse in one SQLite file of the data folder, for when there is no Redis."""
