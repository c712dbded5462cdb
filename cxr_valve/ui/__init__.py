"""What the pages share; the only package here that imports streamlit."""
