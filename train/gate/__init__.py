"""Training of the input gate: what is a frontal chest radiograph, and how it lies."""
