"""The version of gradparity, and of the records that it writes."""

__version__ = "0.1.0"
SCHEMA = 5
"""Of all records. 4 had one diagnosis a case; 3 affine networks alone;
2 sentences for places; 1 no recipes in a training, and no kind."""
