"""Self-care's tables, a module for each thing that is kept. SQL and nothing else: no rule, no clock."""
