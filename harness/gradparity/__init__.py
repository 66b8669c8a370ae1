"""Do your ports compute the same gradients, and how fast?"""

__version__ = "0.1.0"
