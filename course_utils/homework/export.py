class ExportError(RuntimeError):
    """x"""
