"""Radiograph to Reading: one, or a folder of them."""
