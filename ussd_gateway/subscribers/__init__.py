"""The operator's rules about his subscribers: passwords, money, numbers, people. Pure: `now` and chance come in."""
