"""/desk: the pages of the operator's people."""
