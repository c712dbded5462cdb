"""The demonstration weights: a simulated hospital taken through the same pipeline as a real one."""
