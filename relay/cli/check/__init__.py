"""`relay check` and what it asks with `--live`, beside the platforms: a webhook, Kafka."""
