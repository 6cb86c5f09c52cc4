"""Incident Pipeline: news articles in, structured records of political violence out."""

__version__ = "0.1.0"
