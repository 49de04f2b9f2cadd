"""Apache Kafka, as the source and the outcomes share it: clients, faults in words, topics."""
