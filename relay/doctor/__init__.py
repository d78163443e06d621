"""`relay doctor`: the probes that go out into the world, and the steps that may mend it.

What the sights mean is decided in relay/core/doctor; nothing here has an opinion.
"""
