"""Apache Kafka, shared by the source and the outcomes: clients, errors in words, topics."""
