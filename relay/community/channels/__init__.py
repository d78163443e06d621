"""Channels: people join by SMS, and posts go to them by place and in their language. Pure."""
