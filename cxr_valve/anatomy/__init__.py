"""Heart and lungs of a frontal radiograph, and whether an image is one."""
