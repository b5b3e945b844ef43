"""``tools/model_converters``: published files through the commands."""
from __future__ import annotations
import argparse
import contextlib
import importlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pretraining_files as files
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from parity_data import parity_image
from reference_model import (DATA, TASKS, reference_model, reference_model_cfg,
                             reference_state_dict)

from upocr_mm.checkpoint import export_released, find_weights, load_tensors
from upocr_mm.models.segmentors.segmim import MISSING

ROOT = Path(__file__).parents[2]
CONVERTERS = ROOT / 'tools' / 'model_converters'
PROMPTS = 'task_prompt.task_embedding.weight'
DATA_CONFIGS = [
    f'data_configs/train/{name}.yaml'
    for name in ('scut-enstext', 'tampered-ic13', 'textseg')
]


@pytest.fixture
def run_tool(monkeypatch):
    """Run a tool in this process: returncode and stdout, as of a process."""
    monkeypatch.syspath_prepend(str(CONVERTERS))

    def run(name: str, *arguments) -> SimpleNamespace:
        tool = importlib.import_module(name)
        monkeypatch.setattr(sys, 'argv', [name, *map(str, arguments)])
        out, code = io.StringIO(), 0
        scope = DefaultScope.overwrite_default_scope('mmseg')
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(
                out), scope:
            try:
                tool.main()
            except SystemExit as end:
                code = end.code
        return SimpleNamespace(returncode=code, stdout=out.getvalue())

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of UPOCR's training."""
    tables = export_released(reference_model().state_dict())
    released = dict(reference_state_dict(), **{
        k: v
        for k, v in tables.items() if 'relative_' in k
    }, **{'vgg16.features.0.weight': torch.zeros(64, 3, 3, 3)})
    content = dict(
        model={
            f'module.{k}': v
            for k, v in released.items()
        },
        optimizer=dict(state={0: torch.ones(3)}),
        epoch=np.int64(3),
        args=argparse.Namespace(lr=5e-4, data_cfg_paths=DATA_CONFIGS))
    return files.save(content, tmp_path / 'upocr.pth')


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Configuration of the size of the reference numbers."""
    path = tmp_path / 'reference.py'
    Config(dict(model=reference_model_cfg())).dump(path)
    return path


def test_reference_outputs_as_commands(file: Path, config: Path,
                                       tmp_path: Path) -> None:
    """The file of UPOCR's training gives its outputs, and goes back."""

    def run(name: str, *arguments) -> str:
        return subprocess.run(
            [sys.executable, CONVERTERS / name, *map(str, arguments)],
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True).stdout

    ours = tmp_path / 'ours.pth'
    printed = run('upocr2mm.py', file, ours, '--config', config)
    for line in ('weights of upocr', 'vgg16.*: VGG-16 of the feature loss',
                 'computed from the window size',
                 '1  optimizer: state of the optimizer', 'unexpected      0',
                 'window of the encoder: 16 (pre-trained 16)\n',
                 f'--checkpoint {ours}'):
        assert line in printed
    content = torch.load(ours)
    assert content['meta']['upocr']['tasks'] == list(TASKS)
    palette = content['meta']['upocr']['palettes']['tampered_text_detection']
    assert palette == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]

    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(Config.fromfile(config).model).eval()
    model.load_state_dict(content['state_dict'])
    expected = np.load(DATA / 'parity_forward_tiny.npz')
    image = torch.from_numpy(parity_image(1, 128, 160))[None]
    for task in TASKS:
        sample = SegDataSample(metainfo=dict(task=task))
        with torch.no_grad():
            images = model(image, [sample], mode='tensor')
        for name, out, step in zip(('quarter', 'half', 'full'), images,
                                   (1, 2, 4)):
            want = expected[f'out/{task}/{name}']
            found = out[0, :, ::step, ::step].numpy()
            assert np.abs(found - want).max() < 1e-4

    back = tmp_path / 'back.pth'
    run('mm2upocr.py', ours, back)
    state = torch.load(back)['model']
    want = find_weights(load_tensors(str(file)))
    want.pop('vgg16.features.0.weight')
    assert set(state) == set(want)
    assert all(torch.equal(state[name], want[name]) for name in want)


def test_another_order_of_prompts(run_tool, file: Path, config: Path,
                                  tmp_path: Path) -> None:
    content = load_tensors(str(file))
    content['args'].data_cfg_paths = DATA_CONFIGS[::-1]
    torch.save(content, file)
    ours = tmp_path / 'ours.pth'
    done = run_tool('upocr2mm', file, ours, '--config', config)
    assert done.returncode == 1 and not ours.exists()
    order = 'text_segmentation tampered_text_detection text_removal'
    assert f'--tasks {order}' in done.stdout
    done = run_tool('upocr2mm', file, ours, '--config', config, '--tasks',
                    *order.split())
    assert done.returncode == 0, done.stdout
    prompt = torch.load(
        ours)['state_dict']['task_prompt.prompts.text_segmentation']
    assert torch.equal(prompt, content['model']['module.' + PROMPTS][0])


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command, )


def test_neither_way_runs_code(run_tool, file: Path, config: Path,
                               tmp_path: Path) -> None:
    # A folder that is not there yet is made.
    ours, trace = tmp_path / 'weights' / 'ours.pth', tmp_path / 'was_run'
    evil = files.save(
        dict(model=Evil(f'touch {trace}')), tmp_path / 'evil.pth')
    done = run_tool('upocr2mm', evil, ours)
    assert done.returncode == 1 and 'posix.system' in done.stdout
    done = run_tool('upocr2mm', file, ours, '--config', config)
    assert done.returncode == 0, done.stdout
    content = torch.load(ours)
    content['message_hub'] = dict(evil=Evil(f'touch {trace}'))
    torch.save(content, ours)
    done = run_tool('mm2upocr', ours, tmp_path / 'back' / 'back.pth')
    assert done.returncode == 0, done.stdout
    assert not trace.exists()
    assert len(torch.load(tmp_path / 'back' / 'back.pth')['model']) > 100
    done = run_tool('mm2upocr', file, tmp_path / 'x.pth')
    assert done.returncode == 1
    assert "it has no 'state_dict'); published files go" in done.stdout


def test_viteraser(run_tool, config: Path, tmp_path: Path) -> None:
    src = files.save(files.viteraser(), tmp_path / 'ViTEraser.pth')
    ours = tmp_path / 'ours.pth'
    done = run_tool('upocr2mm', src, ours, '--config', config)
    assert done.returncode == 0, done.stdout
    for line in (
            f'{src}: weights of viteraser\n',
            'dropped         6  decoder.mask_conv.*: text mask branch',
            'dropped         1  vgg16.*: VGG-16 of the feature loss',
            'dropped        50  discriminator.*: discriminator',
            'dropped         2  optimizer_G: state of the optimizer',
            'dropped         2  optimizer_D: state of the optimizer',
            'dropped         0  epoch: about the training',
            'missing         3  task_prompt.prompts: stays as initialized',
            'window of the encoder: 16 (pre-trained 8)\n    a training with '
            'reference.py goes on with 16 (pre-trained 16)\n'
            '  window of the decoder: 8 (pre-trained 8)\nNext:\n',
            f'load_from={ours}'):
        assert line in done.stdout
    content = torch.load(ours)
    assert content['meta']['windows'] == dict(
        encoder=[(16, 8)], decoder=[(8, 8)])
    assert sorted(content['meta']['upocr']['missing']) == sorted(
        f'task_prompt.prompts.{task}' for task in TASKS)


def save_config(model: dict, file: Path) -> Path:
    Config(dict(model=model)).dump(str(file))
    return file


def test_viteraser_there_and_back(run_tool, tmp_path: Path) -> None:
    """With a configuration of ViTEraser nothing of it is left out."""
    src = files.save(files.viteraser(), tmp_path / 'ViTEraser.pth')
    ours, back = tmp_path / 'ours.pth', tmp_path / 'back.pth'
    config = save_config(files.viteraser_cfg(), tmp_path / 'viteraser.py')
    done = run_tool('upocr2mm', src, ours, '--config', config)
    assert done.returncode == 0, done.stdout
    assert 'missing' not in done.stdout
    meta = torch.load(ours)['meta']['upocr']
    assert meta['training_only'] == ['mask_branch.', 'discriminator.']
    done = run_tool('mm2upocr', ours, back)
    assert 'written as a file of viteraser' in done.stdout
    first, second = torch.load(src, weights_only=False), torch.load(back)
    for part in 'model', 'discriminator':
        names = {
            name
            for name in first[part]
            if 'relative_' not in name and 'vgg16' not in name
        }
        assert {n for n in second[part] if 'relative_' not in n} == names
        for name in names:
            assert torch.equal(first[part][name], second[part][name]), name


def test_segmim_there_and_back(run_tool, tmp_path: Path) -> None:
    """Both files of SegMIM, from a checkpoint of its second stage."""
    src = files.save(files.segmim(), tmp_path / 'encoder-decoder.pth')
    encoder = files.save(files.segmim_encoder(),
                         tmp_path / 'encoder-finetuned.pth')
    cfg = dict(files.segmim_cfg(), reconstruction_loss=None)
    config = save_config(cfg, tmp_path / 'segmim.py')
    done = run_tool('upocr2mm', src, tmp_path / 'ours.pth', '--config', config,
                    '--encoder', encoder)
    assert done.returncode == 0, done.stdout
    content = torch.load(tmp_path / 'ours.pth')
    assert content['meta']['upocr']['stage'] == 2
    back = tmp_path / 'back.pth'
    done = run_tool('mm2upocr', tmp_path / 'ours.pth', back)
    assert 'written as a file of segmim_encoder' in done.stdout
    expected, found = torch.load(encoder), torch.load(back)
    expected = {k: v for k, v in expected.items() if 'relative_' not in k}
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert torch.equal(found[name], value), name
    done = run_tool('mm2upocr', tmp_path / 'ours.pth', back, '--kind',
                    'segmim')
    whole, found = torch.load(src)['model'], torch.load(back)['model']
    whole = {k: v for k, v in whole.items() if 'relative_' not in k}
    assert set(found) == set(whole)
    for name, value in whole.items():
        short = name.replace(files.ENCODER, '')
        assert torch.equal(found[name], expected.get(short, value)), name
    done = run_tool('mm2upocr', tmp_path / 'ours.pth', back, '--kind',
                    'viteraser')
    assert done.returncode
    assert "of the kind 'viteraser', but those of 'segmim'" in done.stdout


def test_segmim(run_tool, config: Path, tmp_path: Path) -> None:
    src = files.save(files.segmim(), tmp_path / 'encoder-decoder.pth')
    encoder = files.save(files.segmim_encoder(),
                         tmp_path / 'encoder-finetuned.pth')
    outputs = []
    for name, *arguments in (('both.pth', src, '--encoder', encoder),
                             ('encoder.pth', encoder), ('first.pth', src)):
        done = run_tool('upocr2mm', arguments[0], tmp_path / name, '--config',
                        config, *arguments[1:])
        assert done.returncode == 0, done.stdout
        outputs.append(done.stdout)
    for line in (
            f'{src}: weights of segmim\n',
            'dropped       157  encoder.*: --encoder takes its place',
            'dropped         2  seg_head.*: text mask head',
            'dropped         1  *mask_token: token of masked patches',
            'dropped         1  scaler: state of mixed precision',
            f'{encoder}: weights of segmim_encoder\n  converted     157\n',
            'missing         4  decode_head.output_convs: stays as init',
            'missing         4  decode_head.norms: stays as initialized',
            'window of the encoder: 8 (pre-trained 8)\n    a training with'):
        assert line in outputs[0]
    assert 'init_cfg.prefix=backbone.' in outputs[1]
    both, alone, first = (
        torch.load(tmp_path / name)
        for name in ('both.pth', 'encoder.pth', 'first.pth'))
    assert len(both['meta']['upocr']['missing']) == 11 + len(MISSING)
    assert both['meta']['windows'] == dict(encoder=[(8, 8)], decoder=[(8, 8)])
    assert both['meta']['converted_from'] == (
        'encoder-decoder.pth and encoder-finetuned.pth')
    for name, value in both['state_dict'].items():
        origin = alone if name.startswith('backbone.') else first
        assert torch.equal(value, origin['state_dict'][name])
    assert not all(
        torch.equal(value, first['state_dict'][name])
        for name, value in alone['state_dict'].items())


def test_microsofts_swin(run_tool, config: Path, tmp_path: Path) -> None:
    src = files.save(files.microsoft(), tmp_path / 'swinv2.pth')
    done = run_tool('upocr2mm', src, tmp_path / 'ours.pth', '--config', config)
    assert done.returncode == 0, done.stdout
    for line in ('weights of swinv2', 'dropped         2  head.*: classifier',
                 'dropped         2  norm.*: norm before the classifier',
                 '*.attn_mask: computed from image and window size',
                 'missing         2  backbone.norm0: stays as initialized',
                 'window of the encoder: 8 (pre-trained 8)',
                 'model.backbone.init_cfg.prefix=backbone.'):
        assert line in done.stdout
    assert 'decode_head' not in done.stdout
    content = torch.load(tmp_path / 'ours.pth')
    assert 'upocr' not in content['meta']


def test_sizes_tell_the_configuration(run_tool, tmp_path: Path) -> None:
    name = 'upocr_swinv2-t_released-512x512.py'
    cfg = Config.fromfile(
        ROOT / 'configs' / 'upocr' / name, import_custom_modules=False)
    cfg.model.losses = None
    with DefaultScope.overwrite_default_scope('mmseg'):
        state = MODELS.build(cfg.model).state_dict()
    file = files.save(
        dict(model=export_released(state)), tmp_path / 'tiny.pth')
    done = run_tool('upocr2mm', file, tmp_path / 'ours.pth')
    assert done.returncode == 0 and name in done.stdout
    done = run_tool('upocr2mm', file, tmp_path / 'o.pth', '--arch', 'base')
    assert done.returncode == 1
    assert (f"{file}: the shapes are those of the size 'tiny', but --arch is "
            "'base'") in done.stdout
    # as ViTEraser: the configuration of a training
    eraser = {
        name.replace('decoder.output_conv', 'decoder.erase_conv'): value
        for name, value in export_released(state).items() if name != PROMPTS
    }
    for leaf in 'weight', 'bias':
        eraser[f'pixel_embed.{leaf}'] = eraser.pop(f'proj.{leaf}')
    files.save(dict(model=eraser), file)
    done = run_tool('upocr2mm', file, tmp_path / 'ours.pth')
    assert done.returncode == 0, done.stdout
    assert 'upocr_swinv2-t_2xb24-80k_joint-512x512.py' in done.stdout


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1000])


def change(**entries):
    """Change entries of the state dict of a file; None removes."""

    def apply(file: Path) -> None:
        content = torch.load(file, weights_only=False)
        weights = content.get('model', content)
        for name, value in entries.items():
            name = name.replace('__', '.')
            if value is None:
                del weights[name]
            else:
                weights[name] = value
        torch.save(content, file)

    return apply


def smaller(file: Path) -> None:
    """One block less."""
    content = torch.load(file, weights_only=False)
    torch.save(
        {
            k: v
            for k, v in content.items() if 'layers.2.blocks.1' not in k
        }, file)


def add_ema(file: Path) -> None:
    content = torch.load(file, weights_only=False)
    torch.save(dict(content, ema=dict(a=torch.ones(1))), file)


@pytest.mark.parametrize('src, damage, encoder, damage_encoder, text', [
    ('viteraser', None, 'segmim_encoder', None,
     r'viteraser.pth: --encoder goes with the encoder-decoder.pth of SegMIM, '
     'but these are weights of viteraser'),
    ('segmim', None, 'microsoft', None,
     r'microsoft.pth: --encoder takes the encoder-finetuned.pth of SegMIM, '
     'but these are weights of swinv2'),
    ('segmim', None, 'segmim', None,
     r'segmim.pth: --encoder takes the encoder-finetuned.pth of SegMIM'),
    ('segmim', None, 'segmim_encoder', smaller,
     r"segmim_encoder.pth: the encoder .*'depths': \(2, 2, 1, 2\).* is of "
     r"another size than that of .*segmim.pth, .*'depths': \(2, 2, 2, 2\)"),
    ('segmim', None, 'segmim_encoder', cut_off,
     'segmim_encoder.pth is damaged, cut off'),
    ('segmim', None, 'segmim_encoder', change(norm0__bias=None),
     r'segmim_encoder.pth: weights of .*\nmissing: norm0.bias '),
    ('viteraser', cut_off, None, None, 'viteraser.pth is damaged, cut off'),
    ('viteraser', change(pixel_embed__bias=None), None, None,
     r"viteraser.pth: weights of the kind 'viteraser' do not fit the model:\n"
     'missing: pixel_embed.bias'),
    ('viteraser', change(decoder__extra=torch.ones(1)), None, None,
     r'viteraser.pth: weights of .*\nunexpected: decoder.extra'),
    ('viteraser', add_ema, None, None,
     r'viteraser.pth: besides the state dict there is ema \(1 tensors\)'),
])
def test_bad_input(run_tool, config: Path, tmp_path: Path, src: str, damage,
                   encoder: str | None, damage_encoder, text: str) -> None:
    for name, harm in ((src, damage), (encoder, damage_encoder)):
        if name:
            file = files.save(getattr(files, name)(), tmp_path / f'{name}.pth')
        if harm:
            harm(file)
    arguments = [tmp_path / f'{src}.pth', tmp_path / 'ours.pth']
    if encoder:
        arguments += ['--encoder', tmp_path / f'{encoder}.pth']
    done = run_tool('upocr2mm', *arguments, '--config', config)
    assert done.returncode == 1
    assert not (tmp_path / 'ours.pth').exists()
    last = done.stdout[done.stdout.index(str(tmp_path)):]
    assert re.search(text, last), done.stdout


def test_no_file_and_the_same_file(run_tool, file: Path,
                                   tmp_path: Path) -> None:
    done = run_tool('upocr2mm', tmp_path / 'no.pth', tmp_path / 'ours.pth')
    assert done.returncode == 2 and 'no.pth does not exist' in done.stdout
    symlink, hardlink = tmp_path / 'symlink.pth', tmp_path / 'hardlink.pth'
    symlink.symlink_to(file)
    hardlink.hardlink_to(file)
    before = file.read_bytes()
    for tool in 'upocr2mm', 'mm2upocr':
        for target in file, symlink, hardlink:
            done = run_tool(tool, file, target)
            assert done.returncode == 2 and 'would overwrite' in done.stdout
            assert file.read_bytes() == before


def test_a_tensor_of_a_wrong_shape(run_tool, tmp_path: Path) -> None:
    """The way back refuses it, as the way here does."""
    state = reference_model().state_dict()
    src, dst = tmp_path / 'ours.pth', tmp_path / 'back.pth'
    torch.save(dict(state_dict=state, meta={}), src)
    assert run_tool('mm2upocr', src, dst).returncode == 0
    dst.unlink()
    for key in ('projection.bias', 'task_prompt.prompts.text_removal',
                'decode_head.laterals.1.convs.2.weight'):
        value = torch.cat([state[key], state[key]])
        torch.save(dict(state_dict=dict(state, **{key: value})), src)
        done = run_tool('mm2upocr', src, dst)
        assert done.returncode == 1 and not dst.exists()
        assert str(src) in done.stdout
