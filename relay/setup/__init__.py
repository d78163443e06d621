"""`relay setup`: what is asked at the first run, tried, and written down."""
