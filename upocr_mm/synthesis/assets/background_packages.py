"""Which packages backgrounds are taken from, and which files of them not."""

PHOTO_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.rgb', '.sgi', '.tif',
                  '.tiff', '.webp')

# Files of any package that are no photographs, whatever they show.
SKIPPED_NAMES = ('*normal*', '*gloss*', '*_nm.*', '*_spec*', '*bump*',
                 '*pbrdata*', '*lightmap*', '*aomap*', '*_ao.*', '*mask*',
                 '*screenshot*', '*sshot*', '*icon*', '*logo*', '*/html/*',
                 '*/gui/*')

# Debian packages -> patterns of further files that are skipped. All are
# downloaded unless others are named; together 1.3 GB.
BACKGROUND_PACKAGES: dict[str, tuple[str, ...]] = {
    # Photographs
    'gnome-backgrounds': ('*/pixels*', ),
    'lomiri-wallpapers-16.04': (),
    'lomiri-wallpapers-20.04': (),
    'mate-backgrounds': (),
    'opencv-doc': (
        # Diagrams of the documentation, and pictures that show text.
        '*/tutorials/*', '*/text/*', '*/shape/*', '*/text_*',
        '*/licenseplate*', '*/sudoku*', '*/board.jpg', '*/graf*',
        # Drawings, and what other samples make of pictures.
        '*/pic[0-9]*', '*/ela_*', '*/gradient*', '*/fuzzy/*',
        # Chessboards for the calibration of cameras.
        '*/left[0-9]*', '*/right[0-9]*'),
    'plasma-workspace-wallpapers': (),
    'ukui-wallpapers': (),
    # Textures of games
    'extremetuxracer-data': ('*/char/*', '*/players/*', '*/preview.png'),
    'supertuxkart-data': (
        '*/editor/*', '*/skins/*', '*/karts/*', '*/deprecated/*',
        # Engraved words, which text readers miss.
        '*nitro*', '*vertpanel*'),
    'torcs-data': ('*/cars/*', '*/drivers/*', '*/menu/*', '*shadow*',
                   '*splash*',
                   # Mirrored advertisements.
                   '*improveyou*',
                   # Graffiti.
                   '*house20facade*'),
}  # yapf: disable

# Larger than 1 GB: downloaded only where they are named.
LARGE_PACKAGES: dict[str, tuple[str, ...]] = {
    'flightgear-data-base': ('*/Aircraft/*', '*/gui/*', '*/Fonts/*'),
}

# Python packages, used where they are installed -> (patterns of the pictures,
# pattern of the file that names their license, patterns that are skipped).
PYTHON_PACKAGES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    'scikit-image': (
        'skimage/data/*',
        '*/LICENSE.txt',
        # Letters on a suit and on coins.
        ('*/astronaut*', '*/coins*')),
    'scikit-learn': ('sklearn/datasets/images/*', '*/images/README.txt', ()),
}
