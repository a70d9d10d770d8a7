"""The operator: addresses, sessions, routing, time-outs. Pure: time comes in, deliveries go out."""
