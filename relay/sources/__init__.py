"""Sources receive events over HTTP and from Kafka, and acknowledge them once they are on disk."""
