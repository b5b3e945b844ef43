"""Conventions of class maps that data, models and metrics share."""

# The class of pixels that neither losses nor metrics count.
IGNORE_INDEX = 255
