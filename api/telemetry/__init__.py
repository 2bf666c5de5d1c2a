"""Watching an instance: metrics, readiness, logs."""
