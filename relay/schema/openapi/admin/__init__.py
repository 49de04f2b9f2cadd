"""The document of the port for people and monitoring: what can be read, and what can be done."""
