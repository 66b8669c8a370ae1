"""The version of gradparity, and of the records that it writes."""

__version__ = "0.1.0"
SCHEMA = 3  # of all records. 2 had sentences for places; 1 no recipes in a training, no kind and no command in a check
