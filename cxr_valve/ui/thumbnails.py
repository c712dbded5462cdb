"""Small pictures inside tables."""

import base64


def data_uri(jpeg: bytes) -> str | None:
    """A JPEG as the address an image column takes; None for no picture."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" if jpeg else None
