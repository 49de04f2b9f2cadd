"""Sources receive events over HTTP and from Kafka, and acknowledge what the journal has on disk."""
