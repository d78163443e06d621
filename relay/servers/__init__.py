"""One file for each server protocol: a batch in, an answer out."""
