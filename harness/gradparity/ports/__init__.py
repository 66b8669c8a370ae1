"""Ports: how they are described, made, built, started, and talked to."""
