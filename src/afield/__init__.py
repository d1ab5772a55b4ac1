"""Afield."""
