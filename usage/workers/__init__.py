"""The engines of usage: ingest and evaluation."""
