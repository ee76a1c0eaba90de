"""A step on a GPU, without one: torch's fake tensors have shapes and devices but no numbers, and refuse to mix devices as CUDA does."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from models.extractors.layoutlm import training as training_module
from models.extractors.layoutlm.bases import open_base
from models.extractors.layoutlm.material import prepared
from models.extractors.layoutlm.model import Asked, widened
from models.extractors.layoutlm.recipe import Recipe
from models.extractors.layoutlm.windows import special


@pytest.fixture
def a_gpu(monkeypatch):
    """Torch takes itself to have one; what a step asks of numbers, which fake tensors have none of, is answered."""
    monkeypatch.setattr(training_module, "accelerator", lambda: torch.device("cuda"))
    monkeypatch.setattr(Asked, "to", moved)
    monkeypatch.setattr(torch, "isfinite", lambda loss: True)
    monkeypatch.setattr(torch.Tensor, "item", lambda tensor: 1.0)
    monkeypatch.setattr(torch.Tensor, "__int__", lambda tensor: 1)
    shapes = ShapeEnv(allow_scalar_outputs=True, allow_dynamic_output_shape_ops=True)
    return FakeTensorMode(shape_env=shapes, allow_non_fake_inputs=True)


def moved(module, device):
    """What `module.to(device)` does, which can't swap real for fake weights."""

    def there(tensor):
        return torch.empty(tensor.shape, dtype=tensor.dtype, device=device)

    for each in module.modules():
        for name, weight in each._parameters.items():
            if weight is not None:
                each._parameters[name] = torch.nn.Parameter(there(weight), requires_grad=weight.requires_grad)
        for name, buffer in each._buffers.items():
            if buffer is not None:
                each._buffers[name] = there(buffer)


def a_training(schema, receipts, tiny_base, gpu):
    """A training of two receipts, with the batch that it begins with."""
    base, tokenizer = open_base(str(tiny_base))
    recipe = Recipe(base=str(tiny_base), threads=1)
    material = prepared(schema, receipts[:2], tokenizer)
    asked = Asked(widened(base, schema), schema)
    with gpu:
        training = training_module._Training(asked, material, recipe, special(tokenizer, "[MASK]", "<mask>"))
    return training, material.batches(recipe, 1)[0]


@pytest.mark.filterwarnings(
    "ignore:CUDA is not available"
)  # autocast looks for a real one, and stays in 32 bits
def test_a_step_of_training_takes_place_on_the_gpu(schema, receipts, tiny_base, a_gpu, monkeypatch):
    training, batch = a_training(schema, receipts, tiny_base, a_gpu)
    learnt = [each for group in training.optimizer.param_groups for each in group["params"]]

    def backward(loss):  # autograd needs a real GPU
        for each in learnt:
            each.grad = torch.zeros_like(each)

    monkeypatch.setattr(torch.Tensor, "backward", backward)
    with a_gpu:
        training._learn(batch)
        moments = [training.optimizer.state[each]["exp_avg"] for each in learnt]
    assert training.halved
    assert {each.device.type for each in (*learnt, *moments)} == {"cuda"}


def test_a_batch_that_stays_behind_on_the_cpu_is_found(schema, receipts, tiny_base, a_gpu):
    training, batch = a_training(schema, receipts, tiny_base, a_gpu)
    training.device = torch.device("cpu")
    with a_gpu, pytest.raises(RuntimeError, match="at least two devices, cuda:0 and cpu"):
        training._learn(batch)
