"""Ports that are Python objects: a class, a function, a network with parameters, a PyTorch module."""
