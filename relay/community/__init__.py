"""The rules of forms, channels, call-outs and reminders: what is said to whom. Pure."""
