"""A simulated hospital's export: radiographs, exams, and the disorder that comes with them."""
