"""Reminders, escalation and weekly completeness: what is told by the clock, and when. Pure."""
