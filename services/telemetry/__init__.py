"""What operators see: JSON log lines and Prometheus metrics. Nothing a person said is in either."""
