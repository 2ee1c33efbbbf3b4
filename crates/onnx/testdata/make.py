#!/usr/bin/env python3
"""Makes the ONNX files of this folder, and beside each the probabilities that Python gives for rows.json.

    python -m venv venv && venv/bin/pip install scikit-learn skl2onnx lightgbm xgboost onnxmltools onnx onnxruntime
    venv/bin/python crates/onnx/testdata/make.py

Made with scikit-learn 1.9.1, skl2onnx 1.20.0, lightgbm 4.7.0, xgboost 3.2.0, onnxmltools 1.16.0, onnx 1.23.2. The rows are
drawn from a seed and mean nothing; the names are those of eight features of http-1.
"""

import json
import pathlib
import warnings

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent
NAMES = [
    "request_rate",
    "user_agent",
    "pages",
    "assets",
    "gap_median",
    "header_count",
    "path_length",
    "evidence.ua_program",
]
OPSETS = {"": 18, "ai.onnx.ml": 3}
random = np.random.default_rng(20261122)


def rows(count, unseen):
    x = random.normal(size=(count, len(NAMES))).astype(np.float32)
    y = (x[:, 0] + x[:, 1] * x[:, 2] - 0.5 * x[:, 3] + 0.3 * random.normal(size=count) > 0).astype(int)
    x[random.random(x.shape) < unseen] = np.nan
    return x, y


WHOLE, LABELS = rows(600, 0.0)
HOLED, HOLED_LABELS = rows(600, 0.2)
ASKED, _ = rows(24, 0.0)
ASKED_HOLED, _ = rows(24, 0.25)


def save(name, model, probabilities, unseen=None, **more):
    """Writes the file with its properties, and what it must give."""
    props = {"palisade.schema": "http-1", "palisade.features": ",".join(NAMES), **more}
    if unseen:
        props["palisade.unseen"] = unseen
    helper.set_model_props(model, props)
    model.producer_version = ""
    onnx.checker.check_model(model)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())
    expected = [float(value) for value in np.asarray(probabilities, dtype=np.float64)]
    (HERE / f"{name}.json").write_text(json.dumps({"holed": unseen == "nan", "probabilities": expected}) + "\n")


def sklearn(name, model, holed=False, **more):
    x, y = (HOLED, HOLED_LABELS) if holed else (WHOLE, LABELS)
    model.fit(x, y)
    file = to_onnx(model, x[:1], options={id(model): {"zipmap": False}}, target_opset=OPSETS)
    asked = ASKED_HOLED if holed else ASKED
    save(name, file, model.predict_proba(asked)[:, 1], "nan" if holed else None, **more)


def boosted(name, file, probabilities):
    save(name, file, probabilities, "nan")


def net():
    """As torch.onnx.export writes nn.Sequential(Linear, BatchNorm1d, ReLU, Linear, ReLU, Dropout, Linear, Sigmoid, Flatten) in
    eval mode: Gemm with transB, one constant by a node of its own, one output [N]."""
    width = len(NAMES)
    array = lambda *shape: (random.normal(size=shape) * 0.5).astype(np.float32)
    weights = {
        "0.weight": array(12, width), "0.bias": array(12),
        "1.weight": 1 + array(12), "1.bias": array(12), "1.mean": array(12), "1.var": 1 + np.abs(array(12)),
        "3.weight": array(6, 12), "3.bias": array(6),
        "6.weight": array(1, 6), "6.bias": array(1),
    }  # fmt: skip
    gemm = dict(alpha=1.0, beta=1.0, transB=1)
    flat = numpy_helper.from_array(np.array([-1], dtype=np.int64), "flat")
    nodes = [
        helper.make_node("Gemm", ["x", "0.weight", "0.bias"], ["a"], **gemm),
        helper.make_node("BatchNormalization", ["a", "1.weight", "1.bias", "1.mean", "1.var"], ["b"], epsilon=1e-5),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("Gemm", ["c", "3.weight", "3.bias"], ["d"], **gemm),
        helper.make_node("Relu", ["d"], ["e"]),
        helper.make_node("Gemm", ["e", "6.weight", "6.bias"], ["f"], **gemm),
        helper.make_node("Sigmoid", ["f"], ["g"]),
        helper.make_node("Constant", [], ["shape"], value=flat),
        helper.make_node("Reshape", ["g", "shape"], ["probability"]),
    ]
    graph = helper.make_graph(
        nodes, "main_graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", width])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["batch"])],
        [numpy_helper.from_array(value, key) for key, value in weights.items()],
    )  # fmt: skip
    file = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    import onnxruntime

    session = onnxruntime.InferenceSession(file.SerializeToString(), providers=["CPUExecutionProvider"])
    save("net", file, session.run(None, {"x": ASKED})[0])


def main():
    asked = {"features": NAMES, "rows": ASKED.tolist(), "holed": ASKED_HOLED.tolist()}
    holed = [[None if np.isnan(v) else v for v in row] for row in asked["holed"]]
    (HERE / "rows.json").write_text(json.dumps({**asked, "holed": holed}) + "\n")
    sklearn("lr", LogisticRegression())
    sklearn("scaled", make_pipeline(StandardScaler(), LogisticRegression()))
    sklearn("ranged", make_pipeline(MinMaxScaler(), LogisticRegression()))
    sklearn("imputed", make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()), holed=True)
    sklearn("tree", DecisionTreeClassifier(max_depth=3, random_state=1))
    sklearn("forest", RandomForestClassifier(6, max_depth=3, random_state=1))
    sklearn("extra", ExtraTreesClassifier(6, max_depth=3, random_state=1))
    sklearn("boosted", GradientBoostingClassifier(n_estimators=6, max_depth=3, random_state=1))
    sklearn("mlp", make_pipeline(StandardScaler(), MLPClassifier((12, 6), max_iter=300, random_state=1)))
    net()

    import lightgbm
    import onnxmltools
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    kinds = [("x", FloatTensorType([None, len(NAMES)]))]
    model = lightgbm.LGBMClassifier(n_estimators=6, max_depth=3, verbose=-1, random_state=1)
    model.fit(HOLED, HOLED_LABELS)
    file = onnxmltools.convert_lightgbm(model, initial_types=kinds, zipmap=False, target_opset=15)
    boosted("lightgbm", file, model.predict_proba(ASKED_HOLED)[:, 1])
    model = xgboost.XGBClassifier(n_estimators=6, max_depth=3, random_state=1)
    model.fit(HOLED, HOLED_LABELS)
    file = onnxmltools.convert_xgboost(model, initial_types=kinds, target_opset=15)
    boosted("xgboost", file, model.predict_proba(ASKED_HOLED)[:, 1])
    # As converters write it unless they are told otherwise: a list of maps, which is refused.
    model = LogisticRegression().fit(WHOLE, LABELS)
    save("zipmap", to_onnx(model, WHOLE[:1], target_opset=OPSETS), [])


if __name__ == "__main__":
    main()
