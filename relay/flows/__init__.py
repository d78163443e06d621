"""The flows: one turn each. They decide the order of effects, and never import one another."""
