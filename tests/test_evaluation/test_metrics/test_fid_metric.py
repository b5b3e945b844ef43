import numpy as np
import pytest
import torch
from mmseg.registry import METRICS
from pytorch_fid import inception as reference
from torchvision.models import inception_v3

import upocr_mm.evaluation  # noqa: F401
from upocr_mm.evaluation.functional import frechet_distance
from upocr_mm.evaluation.networks import InceptionFeatures, inception_weights


def _random_state():
    """Random weights with which features do not fade."""
    network = inception_v3(
        weights=None, num_classes=1008, aux_logits=False, init_weights=False)
    generator = torch.Generator().manual_seed(0)
    state = network.state_dict()
    for value in state.values():
        if value.ndim == 4:
            fan_in = value[0].numel()
            value.copy_(
                torch.randn(value.shape, generator=generator) *
                (2 / fan_in)**.5)
    return state


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """A file in the form of pytorch-fid's, of random weights."""
    file = tmp_path_factory.mktemp('fid') / 'weights.pth'
    torch.save(_random_state(), file)
    return file


def _build(**kwargs):
    return METRICS.build(dict(type='FIDMetric', **kwargs))


def _sample(index, size=(40, 50)):
    rng = np.random.RandomState(index)
    gt = rng.randint(0, 256, (3, *size)).astype(np.float32) / 255
    pred = np.clip(gt + .2 * rng.standard_normal(gt.shape), 0, 1)
    return dict(
        sample_idx=index,
        img_path=f'folder/{index}.jpg',
        pred_image=dict(data=torch.from_numpy(pred.astype(np.float32))),
        gt_image=dict(data=torch.from_numpy(gt)))


def test_features_are_those_of_pytorch_fid(weights, monkeypatch):
    monkeypatch.setattr(reference, 'load_state_dict_from_url',
                        lambda *args, **kwargs: torch.load(weights))
    network = reference.InceptionV3().eval()
    images = torch.rand(2, 3, 64, 80)
    with torch.no_grad():
        expected = network(images)[0][..., 0, 0]
    features = InceptionFeatures(str(weights))(images)
    assert features.shape == (2, 2048) and features.std() > 0
    torch.testing.assert_close(features, expected)


def test_score_is_the_distance_of_the_stored_bytes(weights, tmp_path):
    samples = [_sample(i) for i in range(3)]
    metric = _build(
        weights=str(weights), save_features=str(tmp_path / 'a' / 'f.npz'))
    metric.process(None, samples)
    score = metric.evaluate(3)['FID']
    network = InceptionFeatures(str(weights))

    def features(images, to_bytes):
        return np.stack([
            network(to_bytes(image * 255)[None] / 255)[0].numpy()
            for image in images
        ])

    # predictions are cut off, ground truths rounded
    pred = features([s['pred_image']['data'] for s in samples], torch.floor)
    gt = features([s['gt_image']['data'] for s in samples], torch.round)
    assert score == pytest.approx(frechet_distance(pred, gt), rel=1e-5)
    with np.load(tmp_path / 'a' / 'f.npz') as file:
        assert file['names'].tolist() == ['0.jpg', '1.jpg', '2.jpg']
        np.testing.assert_allclose(file['pred'], pred, rtol=1e-4, atol=1e-5)
    assert [path.name for path in (tmp_path / 'a').iterdir()] == ['f.npz']


def test_features_of_ground_truths_are_used_again(weights, tmp_path,
                                                  monkeypatch):
    file = tmp_path / 'features.npz'
    samples = [_sample(i) for i in range(2)]
    first = _build(weights=str(weights), save_features=str(file))
    first.process(None, samples)
    expected = first.evaluate(2)
    calls = []
    forward = InceptionFeatures.forward
    monkeypatch.setattr(
        InceptionFeatures, 'forward',
        lambda self, images: calls.append(1) or forward(self, images))
    again = _build(weights=str(weights), gt_features=str(file))
    again.process(None, samples)
    assert again.evaluate(2) == expected and len(calls) == 2
    with pytest.raises(ValueError, match="no image '5.jpg'"):
        again.process(None, [_sample(5)])


def test_without_weights_the_score_is_left_out(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    assert inception_weights() == (
        tmp_path / 'hub/checkpoints/pt_inception-2015-12-05-6726825d.pth')
    messages = []
    monkeypatch.setattr('upocr_mm.evaluation.metrics.fid_metric.print_log',
                        lambda text, **kwargs: messages.append(text))
    metric = _build()
    assert len(messages) == 1 and str(inception_weights()) in messages[0]
    assert 'https://' in messages[0]
    metric.process(None, [_sample(0), _sample(1)])
    assert metric.evaluate(2) == {}


def test_weights_are_found_in_the_usual_place(weights, tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    inception_weights().parent.mkdir(parents=True)
    inception_weights().symlink_to(weights)
    assert _build().network is not None


def test_bad_files(weights, tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.pth'):
        _build(weights=str(tmp_path / 'nowhere.pth'))
    other = tmp_path / 'other.pth'
    torch.save(dict(weight=torch.zeros(2)), other)
    with pytest.raises(
            ValueError,
            match='other.pth does not hold the weights '
            'of pytorch-fid'):
        _build(weights=str(other))
    with pytest.raises(FileNotFoundError, match='nowhere.npz'):
        _build(weights=str(weights), gt_features=str(tmp_path / 'nowhere.npz'))
    other.with_suffix('.npz').write_bytes(b'PK no archive')
    with pytest.raises(ValueError, match='holds no features'):
        _build(
            weights=str(weights), gt_features=str(other.with_suffix('.npz')))
    np.savez(other.with_suffix('.npz'), names=['a', 'a'], gt=np.zeros((2, 3)))
    with pytest.raises(ValueError, match='several images of one name'):
        _build(
            weights=str(weights), gt_features=str(other.with_suffix('.npz')))


def test_one_image_is_too_few(weights):
    metric = _build(weights=str(weights))
    metric.process(None, [_sample(0)])
    assert np.isnan(metric.evaluate(1)['FID'])
