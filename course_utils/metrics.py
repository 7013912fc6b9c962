"""Everything that turns a model into a number."""
