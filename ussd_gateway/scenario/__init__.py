"""Scripted sessions: a tester's sentences, played on phones, here or on a gateway that runs elsewhere."""
