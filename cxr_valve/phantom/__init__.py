"""Simulated radiographs whose anatomy and severity are known."""
