"""What Zennit takes for the maps of `cargo bench -p phonoscope-models --bench relevance`, on the same networks.

Builds the torch modules from the ONNX file that the bench wrote (Conv, Relu, MaxPool, Flatten, Gemm, one after
the other), and prints the shortest processor time of a map, one thread, one item, and the peak memory.

Set-up: pip install torch --index-url of your choice for CPUs; pip install zennit==0.5.1 onnx numpy
Usage:  python relevance.py NETWORK.onnx COMPOSITE…
"""

import resource
import sys
import time

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from zennit.attribution import Gradient
from zennit.composites import (EpsilonAlpha2Beta1Flat, EpsilonGammaBox, EpsilonPlus, LayerMapComposite,
                               layer_map_base)
from zennit.rules import Epsilon
from zennit.types import Linear

BUDGET_SECS, LEAST_RUNS = 4.0, 3


def modules(path):
    """The network of an ONNX file, and the shape of one item."""
    graph = onnx.load(path).graph
    stored = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    layers = []
    for node in graph.node:
        if node.op_type in ("Conv", "Gemm"):
            weight, bias = (stored[name] for name in node.input[1:])
            if node.op_type == "Conv":
                layer = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1)
            else:
                layer = nn.Linear(weight.shape[1], weight.shape[0])
            layer.weight.data, layer.bias.data = weight, bias
        else:
            layer = {"Relu": nn.ReLU(), "MaxPool": nn.MaxPool2d(2), "Flatten": nn.Flatten()}[node.op_type]
        layers.append(layer)
    shape = [dim.dim_value for dim in graph.input[0].type.tensor_type.shape.dim][1:]
    return nn.Sequential(*layers).eval().requires_grad_(False), shape


COMPOSITES = {
    "epsilon_1e-6": lambda: LayerMapComposite(layer_map_base() + [(Linear, Epsilon(1e-6))]),
    "EpsilonPlus": EpsilonPlus,
    "EpsilonGammaBox": lambda: EpsilonGammaBox(low=0.0, high=1.0),
    "EpsilonAlpha2Beta1Flat": EpsilonAlpha2Beta1Flat,
}


def shortest_ms(run):
    run()
    times, began = [], time.process_time()
    while len(times) < LEAST_RUNS or time.process_time() - began < BUDGET_SECS:
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times) * 1e3


def main():
    torch.set_num_threads(1)
    network, shape = modules(sys.argv[1])
    axes = np.indices(shape)
    x = ((axes[0] * 131 + axes[1] * 7919 + axes[2] * 31) % 997) / 997
    x = torch.from_numpy(x.astype(np.float32))[None]
    peak = lambda: f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB"
    with torch.no_grad():
        print(f"torch {torch.__version__}\tforward\t{shortest_ms(lambda: network(x)):.1f} ms\t{peak()}")
        target = torch.zeros_like(network(x))
    target[0, 1] = 1
    for name in sys.argv[2:]:
        with Gradient(network, COMPOSITES[name]()) as attributor:
            ms = shortest_ms(lambda: attributor(x, lambda logits: logits * target))
        print(f"zennit\t{name}\t{ms:.1f} ms\t{peak()}")


if __name__ == "__main__":
    main()
