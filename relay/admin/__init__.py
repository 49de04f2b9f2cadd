"""The control plane: the port for people and monitoring. It reads beside the flow, never in it."""
