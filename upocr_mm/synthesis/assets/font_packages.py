"""Which Debian packages fonts are taken from, and of what kind they are."""

FONT_SUFFIXES = ('.otf', '.ttc', '.ttf')

# Kind -> packages. A package stands where most of its families belong.
# Together about 170 MB.
FONT_PACKAGES: dict[str, tuple[str, ...]] = {
    'sans':
    ('fonts-dejavu-core', 'fonts-liberation2', 'fonts-roboto-unhinted',
     'fonts-open-sans', 'fonts-lato', 'fonts-cantarell', 'fonts-inter',
     'fonts-crosextra-carlito', 'fonts-cabin', 'fonts-quicksand',
     'fonts-adf-universalis', 'fonts-tiresias', 'fonts-manrope',
     'fonts-urw-base35'),
    'serif':
    ('fonts-ebgaramond', 'fonts-linuxlibertine', 'fonts-vollkorn',
     'fonts-crosextra-caladea', 'fonts-cardo', 'fonts-goudybookletter',
     'fonts-century-catalogue', 'fonts-essays1743'),
    'slab': ('fonts-roboto-slab', 'fonts-adf-mekanus', 'fonts-courier-prime'),
    'script':
    ('fonts-dancingscript', 'fonts-lobster', 'fonts-lobstertwo',
     'fonts-kaushanscript', 'fonts-kristi', 'fonts-leckerli-one',
     'fonts-levien-typoscript', 'fonts-havana'),
    'handwriting':
    ('fonts-dkg-handwriting', 'fonts-femkeklaver', 'fonts-rufscript',
     'fonts-breip', 'fonts-bwht', 'fonts-sjfonts', 'fonts-ecolier-court',
     'fonts-humor-sans', 'fonts-comic-neue', 'fonts-joscelyn'),
    'display':
    ('fonts-comfortaa', 'fonts-bebas-neue', 'fonts-cabinsketch',
     'fonts-tomsontalks', 'fonts-league-spartan', 'fonts-dustin',
     'fonts-staypuft', 'fonts-isabella', 'fonts-blankenburg',
     'fonts-ubuntu-title', 'fonts-okolaks', 'fonts-radisnoir',
     'fonts-georgewilliams'),
    'condensed':
    ('fonts-yanone-kaffeesatz', 'fonts-dosis', 'fonts-opendin',
     'fonts-roadgeek', 'fonts-national-park'),
    'mono':
    ('fonts-inconsolata', 'fonts-jetbrains-mono', 'fonts-gnutypewriter',
     'fonts-ocr-a', 'fonts-ocr-b', 'fonts-dseg', 'fonts-anonymous-pro'),
    'cyrillic':
    ('fonts-paratype', 'fonts-play', 'fonts-oldstandard',
     'fonts-triod-postnaja'),
    'greek':
    ('fonts-gfs-didot', 'fonts-gfs-neohellenic', 'fonts-gfs-artemisia',
     'fonts-gfs-theokritos'),
    'cjk':
    ('fonts-noto-cjk', 'fonts-wqy-microhei', 'fonts-wqy-zenhei',
     'fonts-arphic-ukai', 'fonts-ipafont-gothic', 'fonts-ipafont-mincho',
     'fonts-nanum', 'fonts-smiley-sans', 'fonts-yusei-magic',
     'fonts-kouzan-mouhitsu'),
    'arabic':
    ('fonts-hosny-amiri', 'fonts-kacst', 'fonts-sil-scheherazade',
     'fonts-farsiweb', 'fonts-lemonada'),
    'devanagari':
    ('fonts-lohit-deva', 'fonts-deva-extra', 'fonts-sarai', 'fonts-gargi',
     'fonts-sil-annapurna'),
    'several': ('fonts-noto-core', ),
}  # yapf: disable

# Fonts with signs, keys or the letters of another script in place of letters.
SKIPPED_FONTS = ('*/d050000l.*', '*/standardsymbolsps.*', '*/linbiolinum_k*',
                 '*/linlibertine_i.*')

# Of these packages only the files that a pattern fits are taken.
TAKEN_FILES: dict[str, tuple[str, ...]] = {
    # Seven segments write digits only, fourteen letters as well.
    'fonts-dseg': ('*/dseg14classic-*', '*/dseg14modern-*'),
    'fonts-noto-core':
    ('*/notosans-*', '*/notoserif-*', '*/notosansarabic-*',
     '*/notonaskharabic-*', '*/notosansdevanagari-*',
     '*/notoserifdevanagari-*', '*/notosanshebrew-*', '*/notosansthai-*',
     '*/notosansdisplay-*', '*/notosansmono-*'),
}
KINDS = {
    package: kind
    for kind, packages in FONT_PACKAGES.items()
    for package in packages
}
