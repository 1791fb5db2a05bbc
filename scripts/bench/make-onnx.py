"""Makes the ONNX files that transformers.js loads, by the steps of its own conversion.

transformers.js's repository says how (scripts/convert.py and scripts/quantize.py); these are its steps, with its defaults
for an encoder such as BERT:

1. optimum's ONNX exporter, task feature-extraction: input_ids, attention_mask, token_type_ids -> last_hidden_state;
2. onnxslim over the exported graph;
3. onnxruntime's dynamic quantisation to integer operators: per channel, reduced range (7 bits), signed 8-bit weights
   (unsigned only where the graph holds a Conv), every operator that the quantiser knows, constant MatMul operands only.

Usage: make-onnx.py CHECKPOINT OUT
OUT/inline then holds config.json, tokenizer.json, tokenizer_config.json, onnx/model.onnx (fp32), onnx/model_quantized.onnx (q8), and
made-by.json, which names the versions and the checkpoint's hash. OUT/external holds the same two graphs with their weights in
files of their own (transformers.js's external data format, which its conversion uses only above 2 GB): onnxruntime
maps those instead of copying them, which is the better way to load them.
"""

import hashlib
import json
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import onnx
import onnxslim
from onnxruntime.quantization import QuantizationMode, QuantType
from onnxruntime.quantization.onnx_quantizer import ONNXQuantizer
from onnxruntime.quantization.registry import IntegerOpsRegistry
from optimum.exporters.onnx import main_export

# Graphs with one of these get unsigned weights in transformers.js's conversion.
UNSIGNED_WEIGHT_OPERATORS = {"Conv", "GroupQueryAttention", "MultiHeadAttention"}


def quantise(source: Path, target: Path) -> str:
    """Writes the q8 form of an ONNX file; returns the weight type's name."""
    model = onnx.load(str(source))
    operators = {node.op_type for node in model.graph.node}
    weight_type = QuantType.QUInt8 if operators & UNSIGNED_WEIGHT_OPERATORS else QuantType.QInt8
    quantizer = ONNXQuantizer(
        model,
        True,  # per channel
        True,  # reduced range
        mode=QuantizationMode.IntegerOps,
        static=False,
        weight_qType=weight_type,
        activation_qType=QuantType.QUInt8,
        tensors_range=None,
        nodes_to_quantize=[],
        nodes_to_exclude=[],
        op_types_to_quantize=set(IntegerOpsRegistry.keys()),
        extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True},
    )
    quantizer.quantize_model()
    onnx.save(quantizer.model.model, str(target))
    return weight_type.name


def externalise(inline: Path, external: Path) -> None:
    """Writes the same model with its weights outside of the ONNX files."""
    shutil.copytree(inline, external, ignore=shutil.ignore_patterns("onnx"))
    (external / "onnx").mkdir()
    for source in sorted((inline / "onnx").glob("*.onnx")):
        target = external / "onnx" / source.name
        data = f"{source.name}_data"
        onnx.save(onnx.load(str(source)), str(target), save_as_external_data=True, location=data, size_threshold=1024)
    config = json.loads((external / "config.json").read_text())
    config["transformers.js_config"] = {"use_external_data_format": True}
    (external / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def main(checkpoint: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as temporary:
        work = Path(temporary) / "model"
        main_export(str(checkpoint), output=str(work), task="feature-extraction", library_name="transformers")
        exported = work / "model.onnx"
        onnx.save(onnxslim.slim(str(exported)), str(exported))
        (work / "onnx").mkdir()
        weight_type = quantise(exported, work / "onnx" / "model_quantized.onnx")
        exported.rename(work / "onnx" / "model.onnx")
        slim = onnx.load(str(work / "onnx" / "model.onnx"), load_external_data=False)
        made = {
            "checkpointSha256": hashlib.sha256((checkpoint / "model.safetensors").read_bytes()).hexdigest(),
            "opset": {entry.domain or "ai.onnx": entry.version for entry in slim.opset_import},
            "inputs": [value.name for value in slim.graph.input],
            "outputs": [value.name for value in slim.graph.output],
            "q8": {"perChannel": True, "reduceRange": True, "weightType": weight_type},
            "versions": {name: version(name) for name in ("torch", "transformers", "optimum", "onnx", "onnxruntime", "onnxslim")},
        }
        (work / "made-by.json").write_text(json.dumps(made, indent=2) + "\n")
        externalise(work, Path(temporary) / "external")
        for made_folder, name in ((Path(temporary) / "external", "external"), (work, "inline")):
            shutil.rmtree(out / name, ignore_errors=True)
            made_folder.rename(out / name)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: make-onnx.py CHECKPOINT OUT")
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
