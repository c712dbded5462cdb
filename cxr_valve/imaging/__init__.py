"""Bytes of one file → Radiograph → model input. Knows numpy, pydicom and Pillow; no networks."""
