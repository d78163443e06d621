"""Forms: reports by SMS, in the spellings of the Community Health Toolkit."""
