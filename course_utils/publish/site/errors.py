"""What goes wrong when the website is built."""


class SiteError(Exception):
    """The website cannot be built; the message says what to do."""
