import torch

from upocr_mm.evaluation import ClassMapMetric


class _FourClasses(ClassMapMetric):
    num_classes = 4

    def compute_metrics(self, results):
        return dict(total=sum(self.matrices(results)).tolist())


def test_counts_any_number_of_classes():
    metric = _FourClasses()
    label = torch.tensor([[[0, 1, 2, 3, 255]]], dtype=torch.uint8)
    pred = torch.tensor([[[0, 1, 2, 2, 0]]])
    for index in range(2):
        metric.process(None, [
            dict(
                sample_idx=index,
                pred_sem_seg=dict(data=pred),
                gt_sem_seg=dict(data=label))
        ])
    assert metric.evaluate(2)['total'] == [[2, 0, 0, 0], [0, 2, 0, 0],
                                           [0, 0, 2, 0], [0, 0, 2, 0]]


def test_keeps_no_arrays():
    """Which would scatter over the memory that large ones leave free."""
    metric = _FourClasses()
    label = torch.zeros(1, 2, 2, dtype=torch.int64)
    sample = dict(
        sample_idx=0,
        pred_sem_seg=dict(data=label),
        gt_sem_seg=dict(data=label))
    metric.process(None, [sample])
    (_, result), = metric.results
    assert result == dict(matrix=[[4, 0, 0, 0]] + 3 * [[0, 0, 0, 0]])
