"""The only home of SDKs: each file turns one of them into a port of ours, its errors included."""
