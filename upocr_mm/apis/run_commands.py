"""``upocr train`` and ``upocr test``: the scripts that ``mim`` runs."""
from __future__ import annotations
import argparse
import logging
import os
import runpy
import sys
from pathlib import Path
from typing import Any, Sequence

import mmseg

from ..checkpoint import check_file
from ..engine.config_check import check_config
from ..utils import (ConfigOptions, UsageError, exit_code_of, read_config,
                     refuse_file, refuse_same_file, sentence_of)
from ..utils.sentences import EXIT_INTERRUPT

SCRIPTS = dict(
    train='train a model (options as of `mim train`)',
    test='test a checkpoint (options as of `mim test`)')
# What mmengine reads of the programs that start many processes.
LAUNCHED_BY = dict(slurm='SLURM_PROCID', mpi='OMPI_COMM_WORLD_LOCAL_RANK')


def run_script(command: str, arguments: Sequence[str]) -> int:
    """Train or test as ``mim`` does, but end on one sentence.

    Args:
        command: ``'train'`` or ``'test'``.
        arguments: The config and the options of MMSegmentation's script, with
            ``--gpus`` and ``--checkpoint`` as ``mim`` has them.

    Returns:
        The exit code: 0, 1 if data, a file or the training is at fault, 2 if
        the command line or the config is.
    """
    own = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    own.add_argument('--gpus', type=int, default=1)
    own.add_argument('--traceback', action='store_true')
    if command == 'test':
        own.add_argument('--checkpoint', '-C')
    options, words = own.parse_known_args(list(arguments))
    if getattr(options, 'checkpoint', None):
        words.insert(1, options.checkpoint)
    script = Path(mmseg.__file__).parent / '.mim' / 'tools' / f'{command}.py'
    before, environment = sys.argv, dict(os.environ)
    sys.argv = [f'upocr {command}', *words]
    # A log that cannot be written any more prints no traceback for each line.
    logging.raiseExceptions = False
    try:
        functions = runpy.run_path(str(script), run_name=f'mmseg_{command}')
        parse_args = functions['parse_args']
        # mmengine's own ends in a traceback on what is no KEY=VALUE.
        parse_args.__globals__['DictAction'] = ConfigOptions
        args = parse_args()
        _check(args)
        if args.launcher == 'pytorch' and 'RANK' not in environment:
            return _launch(options.gpus, [command, *words])
        functions['main']()
        return 0
    except KeyboardInterrupt:
        print(f'upocr {command}: interrupted; a training goes on with '
              '--resume', file=sys.stderr)  # yapf: disable
        return EXIT_INTERRUPT
    except Exception as error:
        if options.traceback:
            raise
        print(f'upocr {command}: {sentence_of(error)}', file=sys.stderr)
        return exit_code_of(error)
    finally:
        sys.argv, logging.raiseExceptions = before, True
        # The script sets it, and a second run would take it for its own.
        if 'LOCAL_RANK' not in environment:
            os.environ.pop('LOCAL_RANK', None)


def _check(args: argparse.Namespace) -> None:
    """Look at what the command line names, before anything is built.

    Raises:
        UsageError: Something is not there, or cannot be.
        FileNotFoundError: There is no such checkpoint.
        ValueError: The checkpoint is none.
    """
    needed = LAUNCHED_BY.get(args.launcher)
    if needed and needed not in os.environ:
        raise UsageError(
            f'--launcher {args.launcher} needs {needed} in the environment, '
            f'which {args.launcher} sets for each of its processes')
    cfg = read_config(
        args.config, args.cfg_options, import_custom_modules=True)
    check_config(cfg)
    folders = {'--work-dir': args.work_dir}
    for name in ('out', 'show_dir'):
        folders[f'--{name.replace("_", "-")}'] = getattr(args, name, None)
    for option, folder in folders.items():
        if folder:
            refuse_file(folder, option)
    if args.work_dir:  # mmengine writes the whole config there
        refuse_same_file(
            Path(args.work_dir,
                 Path(args.config).name), args.config)
    if hasattr(args, 'checkpoint'):
        _require(cfg, 'test_dataloader', 'test_evaluator', 'test_cfg')
        if '://' not in args.checkpoint:
            check_file(args.checkpoint)
        if args.tta:
            _require(cfg, 'tta_pipeline', 'tta_model', option=' for --tta')
    else:
        _require(cfg, 'train_dataloader', 'optim_wrapper', 'train_cfg')


def _require(cfg: Any, *fields: str, option: str = '') -> None:
    for field in ('model', *fields):
        if not cfg.get(field):
            raise UsageError(f'the config {cfg.filename} has no {field}, '
                             f'which is needed{option}')


def _launch(number: int, words: Sequence[str]) -> int:
    """Run the command once for each GPU, or in several processes of a CPU."""
    if number < 1:
        raise UsageError(f'--gpus must be at least 1, but got {number}')
    # Here, as `upocr --help` would wait for them.
    import torch.distributed.run as elastic
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import \
        ChildFailedError

    # A process that failed has told why.
    logging.getLogger('torch.distributed.elastic').setLevel(logging.CRITICAL)
    try:
        elastic.run(
            elastic.parse_args([
                '--standalone', f'--nproc_per_node={number}', '-m',
                'upocr_mm.apis.cli', *words
            ]))
    except ChildFailedError as error:
        return error.get_first_failure()[1].exitcode
    except SignalException:
        raise KeyboardInterrupt from None
    return 0
