"""A run to take away: a printable page, and a packed folder."""
