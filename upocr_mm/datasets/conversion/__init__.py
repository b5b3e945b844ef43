from .command_line import converter_parser, guarded, run_converter
from .convert import Conversion, convert
from .converter import Converter
from .mask_folder import PairMasks, write_masks_from_pairs
from .scut_enstext import SCUTEnsTextConverter
from .tampered_ic13 import TamperedIC13Converter
from .textseg import TextSegConverter

__all__ = [
    'Conversion', 'Converter', 'PairMasks', 'SCUTEnsTextConverter',
    'TamperedIC13Converter', 'TextSegConverter', 'convert', 'converter_parser',
    'guarded', 'run_converter', 'write_masks_from_pairs'
]
