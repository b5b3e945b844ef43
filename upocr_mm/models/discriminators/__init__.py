from .text_region_discriminator import TextRegionDiscriminator

__all__ = ['TextRegionDiscriminator']
