"""Training in every language: the posts' recipes, step by step beside the reference."""
