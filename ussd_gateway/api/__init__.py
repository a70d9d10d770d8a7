"""The HTTP API beside the handsets: what passed, the clock, reset and health."""
