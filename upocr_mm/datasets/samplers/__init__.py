from .multi_task_batch_sampler import MultiTaskBatchSampler, task_counts

__all__ = ['MultiTaskBatchSampler', 'task_counts']
