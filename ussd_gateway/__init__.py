"""A mobile operator on your laptop: USSD and SMS for phones, testers and integration tests."""
