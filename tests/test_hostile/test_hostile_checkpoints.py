"""Files that are given as weights, on every path that reads them."""
from __future__ import annotations
import contextlib
import http.server
import json
import math
import sys
import threading
from argparse import Namespace
from collections import Counter
from functools import partial
from pathlib import Path, PosixPath
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from checkpoint_attacks import ATTACKS, HARMLESS, REFUSED_NAMES
from checkpoint_files import (FEW, NAME, NO_CHECKPOINTS, PROGRAMS, config_text,
                              payload, saved)
from harness import ROOT, Case, params, tool
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModule
from mmengine.registry import DefaultScope
from mmengine.runner import CheckpointLoader
from mmseg.registry import MODELS
from tiny_run import tiny_cfg

from upocr_mm.apis.cli import main as upocr
from upocr_mm.checkpoint import load_tensors
from upocr_mm.deploy import load_model
from upocr_mm.engine import PreflightHook
from upocr_mm.evaluation.detectors import CRAFTTextDetector
from upocr_mm.models import VGGFeatureLoss

NANO = ROOT / 'configs/upocr/upocr_swinv2-n_1xb6-600_synthetic-128x128.py'
REFUSED = ValueError


@pytest.fixture(autouse=True)
def tools(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / 'tools/model_converters'))


def by_mmengine(folder: Path) -> Any:
    """`load_from`, `--resume`, `--checkpoint`."""
    return CheckpointLoader.load_checkpoint(
        str(folder / NAME), map_location='cpu')


def by_pretrained(folder: Path) -> None:
    cfg = dict(type='Pretrained', checkpoint=str(folder / NAME))
    BaseModule(cfg).init_weights()


def by_vgg(folder: Path) -> None:
    VGGFeatureLoss(weights=str(folder / NAME)).init_weights()


def by_craft(folder: Path) -> None:
    CRAFTTextDetector(str(folder / NAME))


def by_inception(folder: Path) -> None:
    pytest.importorskip('pytorch_fid')
    from upocr_mm.evaluation.networks.inception import InceptionFeatures
    InceptionFeatures(folder / NAME)


def by_model(folder: Path) -> None:
    load_model(NANO, folder / NAME)


def by_url(folder: Path) -> None:
    """A download, which is stored beside it."""
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        old = torch.hub._hub_dir
        torch.hub.set_dir(str(folder / 'hub'))
        try:
            CheckpointLoader.load_checkpoint(
                f'http://127.0.0.1:{server.server_port}/{NAME}')
        finally:
            torch.hub._hub_dir = old
            server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):

    def log_message(self, *args) -> None:
        pass


def by_name(scheme: str, folder: Path) -> None:
    """A name of a user's own list, which mmengine reads."""
    (folder / 'open_mmlab.json').write_text(json.dumps(dict(own=NAME)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMENGINE_HOME', str(folder))
        CheckpointLoader.load_checkpoint(f'{scheme}://own')


READERS = dict(
    mmengine=by_mmengine,
    Pretrained=by_pretrained,
    VGG=by_vgg,
    CRAFT=by_craft,
    Inception=by_inception,
    load_model=by_model)
TOOLS = {
    'upocr2mm': tool('tools/model_converters/upocr2mm.py', NAME, 'out.pth'),
    'mm2upocr': tool('tools/model_converters/mm2upocr.py', NAME, 'out.pth'),
    'publish': tool('tools/model_converters/publish_model.py', NAME, 'out'),
    'upocr export': tool(
        lambda: upocr(sys.argv[1:]), 'export', 'out.onnx', '--weights', NAME,
        '--model', NANO),
}  # yapf: disable
EXECUTING = [
    # `load_model` skips what is no tensor, and then misses the weights.
    Case(f'{name}, {reader}', make, run,
         NAME if reader == 'load_model' else f'{NAME}.*{says}',
         raises=REFUSED)
    for name, (make, says) in PROGRAMS.items()
    for reader, run in READERS.items()
] + [
    # So do the converters.
    Case(f'{name}, {command}', make, run, NAME,
         code=2 if command.startswith('upocr ') else 1)
    for name, (make, says) in PROGRAMS.items()
    for command, run in TOOLS.items()
] + [
    Case('download', payload('meta'), by_url, 'posix.system.*TRUST_CHECKPO',
         raises=REFUSED, leaves=('hub', 'hub/*')),
    Case('open-mmlab', payload('meta'), partial(by_name, 'open-mmlab'),
         'posix.system', raises=REFUSED, leaves=('open_mmlab.json', )),
    Case('openmmlab', payload('meta'), partial(by_name, 'openmmlab'),
         'posix.system', raises=REFUSED, leaves=('open_mmlab.json', )),
    Case('text in meta, mmengine', config_text,
         lambda folder: sorted(by_mmengine(folder)['meta']), r"\['iter'\]"),
]  # yapf: disable


@pytest.mark.parametrize('case', params(EXECUTING))
def test_programs(case: Case, hostile) -> None:
    hostile(case)


DAMAGED = [
    Case(f'{name}, {reader}', make, READERS[reader], f'{NAME}.*{says}',
         raises=REFUSED)
    for name, (make, says) in NO_CHECKPOINTS.items()
    for reader in ('mmengine', 'load_model')
] + [
    Case(f'{name}, upocr test', NO_CHECKPOINTS[name][0],
         tool(lambda: upocr(sys.argv[1:]), 'test', NANO, NAME), NAME)
    for name in ('empty', 'page', 'zip header', 'picture', 'folder')
] + [
    Case('schemes without a reader', lambda folder: None,
         lambda folder: CheckpointLoader.load_checkpoint('pavi://a'),
         'pavi://a: checkpoints of this scheme', raises=REFUSED),
    Case('a name that no list has', lambda folder: None,
         lambda folder: CheckpointLoader.load_checkpoint(
             'torchvision://resnet5O'),
         'torchvision://resnet5O is not in the list of mmengine; near to it',
         raises=REFUSED),
    Case('no such address', lambda folder: None,
         lambda folder: by_url(folder), f'{NAME} could not be downloaded',
         raises=OSError, leaves=('hub', 'hub/*')),
]  # yapf: disable


@pytest.mark.parametrize('case', params(DAMAGED))
def test_no_checkpoints(case: Case, hostile) -> None:
    hostile(case)


def skipping(folder: Path) -> Any:
    """As converters and `load_model` do."""
    return load_tensors(str(folder / NAME), skip_objects=True)


MADE_BY_HAND = [
    Case(f'{name}, {run.__name__}', make, run, f'{NAME}.*{says}',
         raises=REFUSED)
    for name, (make, says) in ATTACKS.items()
    for run in (by_mmengine, skipping)
] + [
    Case(name, make, by_mmengine, f'{NAME} holds {says}', raises=REFUSED)
    for name, (make, says) in REFUSED_NAMES.items()
] + [
    Case(name, make, lambda folder: repr(by_mmengine(folder)['part']), says)
    for name, (make, says) in HARMLESS.items()
] + [
    Case(f'{name}, upocr test', ATTACKS[name][0],
         tool(lambda: upocr(sys.argv[1:]), 'test', NANO, NAME), NAME,
         leaves=('work_dirs', 'work_dirs/*'))
    for name in ('pipe', 'two archives', 'patch')
] + [
    Case('pipe, upocr export', ATTACKS['pipe'][0], TOOLS['upocr export'],
         f'{NAME} is no file', code=2),
]  # yapf: disable


def process() -> list:
    """What a checkpoint could have changed."""
    HistoryBuffer()  # The first one completes its class.
    owners = (torch.Tensor, torch.Size, torch.device, Namespace, Counter,
              PosixPath, HistoryBuffer)
    return [
        # Python notes the slots when it first saves something of a class.
        {
            k: v
            for k, v in vars(owner).items() if k != '__slotnames__'
        } for owner in owners
    ] + [
        dict(HistoryBuffer._statistics_methods),
        torch._utils._rebuild_tensor_v2.__defaults__,
        HistoryBuffer.min.__defaults__,
    ]


@pytest.mark.parametrize('case', params(MADE_BY_HAND))
def test_made_by_hand(case: Case, hostile) -> None:
    before = process()
    hostile(case)
    assert process() == before


@pytest.fixture(scope='module')
def small_model() -> torch.nn.Module:
    cfg = tiny_cfg(Path('unused/a/b'), Path('unused')).model
    cfg.losses = None
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(cfg)


def compare(folder: Path, model: torch.nn.Module, resume: bool = False) -> str:
    """What the hook of every config does when weights are loaded."""
    runner = SimpleNamespace(
        model=model,
        work_dir=str(folder),
        _load_from=str(folder / NAME),
        _resume=resume,
        _train_loop=None,
        optim_wrapper=None,
        param_schedulers=None)
    PreflightHook().after_load_checkpoint(runner, by_mmengine(folder))
    return 'fits'


# How the content of a good checkpoint changes; what is said; with --resume.
CONTENTS = {
    'whole': (lambda c: c, 'fits', False),
    'meta is None': (lambda c: dict(c, meta=None), 'fits', False),
    'no meta': (lambda c: dict(state_dict=c['state_dict']), 'fits', False),
    'meta a list': (lambda c: dict(c, meta=[1]), r'meta must be a dict, but '
                    r'is \[1\]', False),
    'meta of ours a text': (lambda c: dict(c, meta=dict(upocr='x')),
                            r"meta\['upocr'\] must be a dict, but is 'x'",
                            False),
    'palettes a list': (lambda c: dict(c, meta=dict(upocr=dict(palettes=[3]))),
                        'palettes.* must be RGB colors', False),
    'palettes of text': (lambda c: dict(c, meta=dict(upocr=dict(palettes=dict(
        tampered_text_detection='red')))), 'must be RGB colors', False),
    'palettes of numbers': (lambda c: dict(c, meta=dict(upocr=dict(
        palettes=dict(tampered_text_detection=[1, 2, 3])))),
        'must be RGB colors', False),
    'tasks a number': (lambda c: dict(c, meta=dict(upocr=dict(tasks=3))),
                       r"\['tasks'\] must be a list of text, but is 3", False),
    'training_only a number': (lambda c: dict(c, meta=dict(upocr=dict(
        training_only=3))), 'must be a list of text, but is 3', False),
    'training_only of numbers': (lambda c: dict(c, meta=dict(upocr=dict(
        training_only=[3]))), r'must be a list of text, but is \[3', False),
    'palette out of range': (lambda c: dict(c, meta=dict(upocr=dict(
        palettes=dict(tampered_text_detection=[[0, 0, 256]] * 3)))),
        'must be RGB colors', False),
    'other palettes': (lambda c: dict(c, meta=dict(upocr=dict(palettes=dict(
        tampered_text_detection=[[1, 2, 3]] * 3)))),
        'the colors of tampered_text_detection are', False),
    'state_dict a list': (lambda c: dict(c, state_dict=[1]),
                          'state_dict must be a dict of tensors', False),
    'state_dict a tensor': (lambda c: dict(c, state_dict=torch.ones(2)),
                            'state_dict must be a dict of tensors', False),
    'values of text': (lambda c: dict(c, state_dict={
        k: 'x' for k in c['state_dict']}), 'of another shape', False),
    'other keys': (lambda c: dict(c, state_dict=FEW), 'keys are missing',
                   False),
    'empty state_dict': (lambda c: dict(c, state_dict={}),
                         'keys are missing', False),
    'another shape': (lambda c: dict(c, state_dict={
        k: torch.cat([v, v]) if k == 'projection.bias' else v
        for k, v in c['state_dict'].items()}), 'of another shape: proj',
        False),
    'integers': (lambda c: dict(c, state_dict={
        k: v.long() for k, v in c['state_dict'].items()}),
        r'of another type: .* \(torch.int64 instead of torch.float32', False),
    'complex numbers': (lambda c: dict(c, state_dict={
        k: v.to(torch.complex64) for k, v in c['state_dict'].items()}),
        'of another type', False),
    'half precision': (lambda c: dict(c, state_dict={
        k: v.half() if v.is_floating_point() else v
        for k, v in c['state_dict'].items()}), 'fits', False),
    'not finite': (lambda c: dict(c, state_dict={
        k: v * math.nan if k == 'projection.bias' else v
        for k, v in c['state_dict'].items()}),
        '1 keys are not finite: projection.bias', False),
    'an escape in a name': (lambda c: dict(c, state_dict={
        **c['state_dict'], '\x1b[31mred': torch.ones(1)}),
        r"unexpected: '\\x1b\[31mred'", False),
    'weights alone': (lambda c: c, 'cannot be resumed, it lacks message_hub',
                      True),
    'no iteration': (lambda c: dict(c, meta={}, message_hub={}, optimizer={}),
                     r"cannot be resumed, it lacks meta\['iter'\]", True),
    'a state of text': (lambda c: dict(c, message_hub='', optimizer=''),
                        'it lacks message_hub, optimizer', True),
}  # yapf: disable


@pytest.mark.parametrize('name', list(CONTENTS))
def test_contents(name: str, small_model, hostile) -> None:
    change, says, resume = CONTENTS[name]
    whole = dict(
        state_dict=small_model.state_dict(), meta=dict(iter=1, epoch=0))
    hostile(
        Case(
            name,
            saved(change(whole)),
            partial(compare, model=small_model, resume=resume),
            says,
            raises=() if says == 'fits' else REFUSED))


@pytest.mark.parametrize('reader', ['mmengine', 'VGG', 'CRAFT', 'Inception'])
def test_a_file_is_read_once_trusted(reader, tmp_path, monkeypatch) -> None:
    """The payloads work: with trust, they run."""
    from harness import CANARY
    PROGRAMS['pickle'][0](tmp_path)
    monkeypatch.setenv('UPOCR_TRUST_CHECKPOINTS', '1')
    with contextlib.suppress(ValueError):  # it is no VGG
        READERS[reader](tmp_path)
    assert (tmp_path / CANARY).exists()
    with pytest.raises(REFUSED):
        load_tensors(str(tmp_path / NAME))
