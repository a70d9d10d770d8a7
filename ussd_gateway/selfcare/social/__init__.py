"""Log-in through social networks: the client's side of OAuth 2.0, and its pages."""
