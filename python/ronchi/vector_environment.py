"""Placeholder until the compiled vector environment is bound."""
