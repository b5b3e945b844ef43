"""Version of the package, read by ``setup.cfg`` without importing it."""
__version__ = '0.1.0'
