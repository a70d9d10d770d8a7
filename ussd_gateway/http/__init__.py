"""The manners of the HTTP API: bodies and parameters checked, errors as problem details. Knows no route."""
