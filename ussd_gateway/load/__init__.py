"""Load: many SMS or USSD dialogues at once, and how long each took."""
