"""Backgrounds and fonts for the data engine, from packages of Debian."""
from .background_collector import BackgroundCollector
from .backgrounds import fetch_backgrounds
from .debian_package import DebianError
from .fonts import fetch_fonts
from .text_reader import TextReader

__all__ = [
    'BackgroundCollector', 'DebianError', 'TextReader', 'fetch_backgrounds',
    'fetch_fonts'
]
