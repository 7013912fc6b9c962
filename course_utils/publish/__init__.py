"""The notebooks for people without Python: as slides, and as a website. Both open without a network."""
