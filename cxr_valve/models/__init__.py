"""Network definitions, the probability chain and evidence maps."""
