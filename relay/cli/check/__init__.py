"""`relay check`, and what `--live` probes besides the platforms: the webhook and Kafka."""
