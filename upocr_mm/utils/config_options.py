from __future__ import annotations
import argparse
from typing import Any

from mmengine.config import DictAction

from .reason_of import reason_of


class ConfigOptions(DictAction):
    """``KEY=VALUE`` of a command line; anything else is wrong usage.

    mmengine's own action ends in a traceback on what is no such pair.
    """

    def __call__(self, parser: argparse.ArgumentParser,
                 namespace: argparse.Namespace, values: Any, *args,
                 **kwargs) -> None:
        """Parse the pairs."""
        for value in values:
            key, sign, _ = value.partition('=')
            if not all(key.split('.')) or not sign:
                raise argparse.ArgumentError(
                    self, f'must be KEY=VALUE, got {value!r}')
        try:
            super().__call__(parser, namespace, values, *args, **kwargs)
        except (ValueError, AssertionError, IndexError) as error:
            raise argparse.ArgumentError(
                self, f'{" ".join(values)}: {reason_of(error)}') from error
