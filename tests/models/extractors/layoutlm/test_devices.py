"""A step on a GPU, without one: torch's fake tensors have shapes and devices but no numbers, and refuse to mix devices as CUDA does."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from models.errors import TrainingStopped
from models.extractors.layoutlm import LayoutLMExtractor
from models.extractors.layoutlm import training as training_module
from models.extractors.layoutlm.bases import open_base
from models.extractors.layoutlm.material import prepared
from models.extractors.layoutlm.model import Asked, short_floats, widened
from models.extractors.layoutlm.recipe import Recipe
from models.extractors.layoutlm.windows import special


@pytest.fixture
def a_gpu(monkeypatch):
    """Torch takes itself to have one; what a step asks of numbers, which fake tensors have none of, is answered."""
    monkeypatch.setattr(training_module, "accelerator", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
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
    assert {each.device.type for each in (*learnt, *moments)} == {"cuda"}


def test_a_batch_that_stays_behind_on_the_cpu_is_found(schema, receipts, tiny_base, a_gpu):
    training, batch = a_training(schema, receipts, tiny_base, a_gpu)
    training.device = torch.device("cpu")
    with a_gpu, pytest.raises(RuntimeError, match="at least two devices, cuda:0 and cpu"):
        training._learn(batch)


@pytest.mark.parametrize(
    ("device", "can", "floats"),
    [
        ("cuda", True, torch.bfloat16),
        ("cuda", False, torch.float16),
        ("cpu", True, torch.bfloat16),
        ("cpu", False, torch.float32),
    ],
)
def test_steps_are_taken_in_the_short_floats_that_the_device_computes_in(monkeypatch, device, can, floats):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: can)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: can)
    assert short_floats(torch.device(device)) == floats


@pytest.mark.parametrize("floats", [torch.float32, torch.bfloat16, torch.float16], ids=str)
class TestAnyFloats:
    """A CPU computes in all of them, in some slowly: what a machine would choose is learned with on every machine."""

    @pytest.fixture(autouse=True)
    def chosen(self, monkeypatch, floats):
        monkeypatch.setattr(training_module, "short_floats", lambda device: floats)

    def fit(self, schema, receipts, tiny_base, on_progress, checkpoints=None):
        recipe = {"base": str(tiny_base), "epochs": 4, "threads": 1}
        return LayoutLMExtractor.fit(
            schema, receipts[:10], [], recipe=recipe, on_progress=on_progress, checkpoints=checkpoints
        )

    def test_the_loss_falls(self, schema, receipts, tiny_base):
        told = []
        self.fit(schema, receipts, tiny_base, told.append)
        losses = [progress.figures["loss"] for progress in told if progress.figures]
        assert len(losses) == 4
        assert losses[-1] < 0.9 * losses[0]

    def test_one_that_was_stopped_goes_on_to_the_same_weights(
        self, schema, receipts, tiny_base, tmp_path, floats
    ):
        def stop_in_the_third_epoch(progress):
            if progress.epoch == 3:
                raise TrainingStopped("asked to")

        whole = self.fit(schema, receipts, tiny_base, lambda progress: None)
        with pytest.raises(TrainingStopped):
            self.fit(schema, receipts, tiny_base, stop_in_the_third_epoch, tmp_path)
        told = []
        again = self.fit(schema, receipts, tiny_base, told.append, tmp_path)
        assert {progress.epoch for progress in told if progress.stage == "training"} == {3, 4}
        # the scale of float16's gradients is found anew, and what is rounded away with it
        near = 0.0 if floats != torch.float16 else 0.02
        for name, weights in whole.network.state_dict().items():
            torch.testing.assert_close(again.network.state_dict()[name], weights, atol=near, rtol=near)


def test_a_gradient_that_float16_cannot_hold_changes_no_weight(schema, receipts, tiny_base, monkeypatch):
    monkeypatch.setattr(training_module, "short_floats", lambda device: torch.float16)
    base, tokenizer = open_base(str(tiny_base))
    recipe = Recipe(base=str(tiny_base), threads=1)
    asked = Asked(widened(base, schema), schema)
    training = training_module._Training(
        asked, prepared(schema, receipts[:2], tokenizer), recipe, special(tokenizer, "[MASK]", "<mask>")
    )
    training.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**100)
    before = {name: weights.clone() for name, weights in asked.state_dict().items()}
    training._learn(training.material.batches(recipe, 1)[0])
    assert training.scaler.get_scale() < 2.0**100
    assert all(torch.equal(weights, before[name]) for name, weights in asked.state_dict().items())
