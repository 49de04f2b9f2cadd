"""The document of the port for people and monitoring: operations that read, and that change."""
