"""Functions under test: named arrays in, named arrays out. The first are a network and its layers."""
