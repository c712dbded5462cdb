"""Mitral regurgitation and aortic stenosis on the chest radiograph: research and teaching."""

__version__ = "0.1.0"
