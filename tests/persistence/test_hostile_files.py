"""Files that are altered and signed again: no class but the listed ones, no name twice, no size beyond the file's."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

import uncertainty
from uncertainty import ModelFileError
from uncertainty.persistence import container
from uncertainty.persistence.container import pack

from .damage import document_of, header_of, signed, with_document, with_header

LIBRARIES = {"uncertainty": "0.1.0", "scikit-learn": "1.9.1"}


@pytest.fixture
def refused(tmp_path):
    """Load the bytes, which must fail with these words."""

    def check(data, words):
        path = tmp_path / "hostile.uq"
        path.write_bytes(data)
        start = time.monotonic()
        with pytest.raises(ModelFileError, match=words):
            uncertainty.load(path)
        assert time.monotonic() - start < 30.0

    return check


@pytest.fixture
def sound(model_file):
    return model_file.read_bytes()


def network(**state):
    """The JSON of an unfitted network with these attributes, which are not looked at before a fit."""
    return {"class": "ProbabilisticMLPRegressor", "parameters": {}, "state": state}


def file_of(*objects, tensors=None):
    return pack({"format_version": 1, "libraries": LIBRARIES, "objects": list(objects)}, tensors or {})


def with_objects(data, change):
    """The file with its objects changed in place, found by their class."""
    document = document_of(data)
    change({node["class"]: node for node in document["objects"]})
    return with_document(data, document)


def test_what_is_signed_again_loads(sound, tmp_path, masked, table):
    """The tools of this test do no damage of their own."""
    (tmp_path / "model.uq").write_bytes(with_document(with_header(sound, header_of(sound)), document_of(sound)))
    loaded = uncertainty.load(tmp_path / "model.uq")
    np.testing.assert_array_equal(loaded.predict(table[0]), masked.predict(table[0]))


@pytest.mark.parametrize(
    "name",
    ["os.system", "builtins.eval", "subprocess.Popen", "numpy.load", "sklearn.linear_model.BayesianRidge", "Head", 3],
)
def test_only_listed_classes_are_made(name, refused):
    refused(file_of({"class": name, "parameters": {}, "state": {}}), "class .* not among those")


def test_nothing_is_imported_or_run(tmp_path, refused):
    """A class whose module would write a file on import."""
    (tmp_path / "payload.py").write_text("open('pwned', 'w')")
    refused(file_of({"class": "payload.Payload", "parameters": {}, "state": {}}), "not among those")
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("name", ["fit", "predict", "__class__", "__dict__", "get_params", "dropout_rates_", "a b", ""])
def test_attributes_are_data_alone(name, refused):
    refused(file_of(network(**{name: 1})), "has no attribute")


def test_unknown_parameters(refused):
    refused(file_of(network() | {"parameters": {"colour": 1}}), "colour")


@pytest.mark.parametrize(
    "value",
    [
        *[{"object": 0}, {"object": 1}, {"object": -1}, {"object": 1.5}, {"object": True}, {"object": "0"}],
        *[
            {"array": "9"},
            {"array": "/etc/passwd"},
            {"array": {"memmap": "x"}},
            {"array": {"text": "0"}},
            {"array": []},
            {"array": {}},
        ],
        *[{"array": {"strings": {"shape": [2], "bytes": "1", "lengths": "0"}}}, {"numbers": "2"}, {"records": []}],
        *[
            {"array": {"objects": {"shape": [2**40], "items": []}}},
            {"array": {"objects": {"shape": [-1], "items": [1]}}},
        ],
        *[{"type": "os.system"}, {"type": "object_"}, {"dtype": "str99999999"}, {"dtype": "O,O"}, {"dtype": "void8"}],
        *[{"scalar": ["object", 1]}, {"scalar": ["int8", 300]}, {"scalar": ["float64", "1"]}, {"number": "1"}],
        *[{"dict": [["a", 1], ["a", 2]]}, {"dict": [[[1], 2]]}, {"dict": [["a"]]}, {"dict": 3}, {"tuple": 3}],
        *[{"tuple": {"slice": [1, 2, 3]}}, {"slice": [1, 2, 3, 4]}, {"set": [1]}, {}, {"tuple": [], "dict": []}],
        {"random_state": {"dict": [["bit_generator", "MT19937"], ["state", {"dict": [["pos", 10**6]]}]]}},
        {"random_state": {"dict": [["bit_generator", "os"], ["state", {"dict": [["pos", 0]]}]]}},
    ],
    ids=repr,
)
def test_values_that_there_are_not(value, refused):
    tensors = {"0": np.array([3, -3]), "1": np.zeros(0, dtype=np.uint8), "2": np.zeros((2, 2))}
    refused(file_of(network(alpha_=value), tensors=tensors), "do not fit together")


def test_the_position_of_a_random_state(refused):
    """numpy would read beyond its memory."""
    state = np.random.RandomState(0).get_state(legacy=False)

    def at(position):
        inner = {"dict": [["key", {"array": "0"}], ["pos", position]]}
        pairs = [["bit_generator", "MT19937"], ["state", inner], ["has_gauss", 0], ["gauss", 0.0]]
        return file_of(network(a_={"random_state": {"dict": pairs}}), tensors={"0": state["state"]["key"]})

    for position in (-1, 625, 10**9, True, 1.0):
        refused(at(position), "do not fit together")


def test_a_tensor_is_used_once(refused):
    """Each of these would be a list of a million Python numbers."""
    many = [{"numbers": "0"}] * 1000
    refused(file_of(network(a_=many), tensors={"0": np.zeros(1_000_000)}), "missing")


def test_many_dicts_from_few_bytes(refused):
    refused(file_of(network(a_={"records": [["x", "0"]]}), tensors={"0": np.zeros(1_000_001)}), "more records")


def test_many_layers_from_few_bytes(refused):
    activation = {"class": "Pointwise", "parameters": {"name": "relu"}, "state": {}}
    sizes = {"n_inputs": 1, "n_raw": 1, "activation": {"object": 0}, "hidden_layer_sizes": {"tuple": [1] * 6000}}
    refused(file_of(activation, *[{"class": "MLP", "parameters": sizes, "state": {}}] * 2), "more layers")


@pytest.mark.parametrize("sizes", [[2**62], [0], [-4], [True], ["4"], [4.0]])
def test_sizes_of_a_network(sizes, sound, refused):
    def change(nodes):
        nodes["MLP"]["parameters"]["hidden_layer_sizes"] = {"tuple": sizes}

    refused(with_objects(sound, change), "do not fit together")


def test_more_values_than_any_model_has(refused, monkeypatch):
    monkeypatch.setattr(container, "MAX_PARTS", 10**9)
    data = file_of(network(a_=[[]] * 300_000))
    monkeypatch.undo()
    refused(data, "6000.. values and names are more")


@pytest.mark.parametrize("depth", [150, 990, 100_000])
def test_deep_nesting(depth, sound, refused):
    text = '{"sha256":"' + "0" * 64 + '","format_version":1,"libraries":{},"objects":'
    refused(with_document(sound, text + "[" * depth + "]" * depth + "}"), "cannot be loaded")
    nested = 0
    for _ in range(min(depth, 400)):
        nested = {"tuple": [nested]}
    refused(file_of(network(a_=nested)), "nested too deep|recursion")


def test_a_name_twice(sound, refused):
    header = header_of(sound)
    entry = '"0":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'
    text = container.json.dumps(header, separators=(",", ":"))
    refused(with_header(sound, text[:-1] + "," + entry + "}"), "twice|malformed")
    document = container.json.dumps(document_of(sound), separators=(",", ":"))
    refused(with_document(sound, document[:-1] + ',"objects":[]}'), "twice")
    refused(with_document(sound, document.replace('"state":{}', '"state":{},"state":{}', 1)), "twice")


def test_numbers_that_json_has_not(sound, refused):
    document = container.json.dumps(document_of(sound), separators=(",", ":"))
    for number in ("NaN", "Infinity", "-Infinity", "9" * 5000):
        refused(with_document(sound, document.replace('"state":{}', f'"state":{number}', 1)), "cannot be loaded")


@pytest.mark.parametrize(
    "entry",
    [
        {"data_offsets": [0, 10**12]},
        {"data_offsets": [8, 0]},
        {"data_offsets": [-8, 0]},
        {"shape": [-1]},
        {"shape": [2**63 - 1, 2**63 - 1]},
        {"shape": "3"},
        {"dtype": "BF16"},
        {"dtype": "O"},
        {"dtype": "F8_E4M3"},
    ],
    ids=repr,
)
def test_tensors_that_there_are_not(entry, sound, refused):
    header = header_of(sound)
    refused(with_header(sound, header | {"0": header["0"] | entry}), "malformed|numbers of the type")


def test_tensors_that_overlap_or_leave_gaps(sound, refused):
    header = header_of(sound)
    refused(with_header(sound, header | {"x": header["0"]}), "malformed")
    refused(with_header(sound + bytes(8), header), "malformed")
    refused(signed(sound[:-8]), "malformed")


def test_numbers_of_other_types(sound, refused):
    header = header_of(sound)
    name = next(name for name, entry in header.items() if entry.get("dtype") == "F64")
    start, end = header[name]["data_offsets"]
    other = header | {name: header[name] | {"dtype": "BF16", "shape": [(end - start) // 2]}}
    refused(with_header(sound, other), "numbers of the type BF16")


def test_flags_are_true_or_false(sound, refused):
    header = header_of(sound)
    start, _ = next(v["data_offsets"] for v in header.values() if v.get("dtype") == "BOOL")
    changed = bytearray(sound)
    changed[container.header_end(sound) + start] = 2
    refused(signed(changed), "neither true nor false")


def test_text_has_code_points(refused):
    tensors = {"0": np.array([[0x110000]], dtype=np.uint32)}
    refused(file_of(network(a_={"array": {"text": "0"}}), tensors=tensors), "no such code points")


def remove(kind, part):
    return lambda nodes: nodes[kind]["state"].pop(part)


def put(kind, group, part, value):
    return lambda nodes: nodes[kind][group].__setitem__(part, value)


@pytest.mark.parametrize(
    "change",
    [
        put("MLP", "parameters", "n_inputs", 4),
        put("MLP", "parameters", "n_raw", 8),
        put("MLP", "parameters", "normalizer", None),
        put("MLP", "parameters", "activation", {"tuple": []}),
        put("Members", "parameters", "mlp", None),
        put("Members", "parameters", "head", None),
        put("Members", "parameters", "masks", [1]),
        put("Members", "parameters", "statistics", {"tuple": []}),
        put("Members", "parameters", "values", [[1.0]]),
        put("KeptEntries", "parameters", "scale", "2"),
        put("KeptEntries", "parameters", "kept", None),
        put("MixtureDensityHead", "state", "n_raw", 8),
        put("InputScaler", "state", "embedding", None),
        put("MixtureDensityHead", "state", "n_components", 2),
        put("MixtureDensityHead", "state", "n_targets", 10**9),
        put("MCDropoutRegressor", "state", "n_outputs_", 2),
        put("MCDropoutRegressor", "state", "n_features_in_", 5),
        put("MCDropoutRegressor", "state", "target_scaler_", {"object": 0}),
        put("MCDropoutRegressor", "state", "input_scaler_", None),
        remove("MCDropoutRegressor", "head_"),
        remove("InputScaler", "scale_"),
        remove("InputScaler", "encoding_"),
        remove("Whitening", "matrix_"),
        remove("TargetScaler", "location_"),
    ],
)
def test_parts_that_do_not_fit(change, sound, refused):
    refused(with_objects(sound, change), "do not fit together")


@pytest.mark.parametrize(
    "objects", [[], [3], {}, None, [{"class": "Adam", "parameters": {}, "state": {}}], [{}]], ids=repr
)
def test_what_is_no_estimator(objects, sound, refused):
    refused(with_document(sound, document_of(sound) | {"objects": objects}), "do not fit together")


def test_a_later_version(sound, refused):
    later = document_of(sound) | {"format_version": 7, "libraries": {"uncertainty": "3.2.1"}}
    refused(
        with_document(sound, later), r"format version 7, written by uncertainty 3\.2\.1.*pip install -U uncertainty"
    )


@pytest.mark.parametrize("version", [0, -1, "1", 1.0, True, None, [1]], ids=repr)
def test_no_version(version, sound, refused):
    refused(with_document(sound, document_of(sound) | {"format_version": version}), "there is no format version")


def test_a_document_without_a_version(sound, refused):
    refused(with_document(sound, '{"sha256":"' + "0" * 64 + '"}'), "does not say which format")


def test_other_files(tmp_path, refused):
    from safetensors.numpy import save

    refused(save({"weight": np.zeros(3)}), "no model file of this package")
    refused(b"\x80\x04K\x01.", "no model file|cut short")
    with pytest.raises(ModelFileError, match="no regular file"):
        uncertainty.load(tmp_path)
    with pytest.raises(FileNotFoundError):
        uncertainty.load(tmp_path / "none.uq")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.uq")
    with pytest.raises(ModelFileError, match="no regular file"):
        uncertainty.load(tmp_path / "pipe.uq")


def test_random_changes_that_are_signed(sound, tmp_path):
    """Whatever the header says, there is a model or one kind of error."""
    rng = np.random.default_rng(0)
    end, outcomes = container.header_end(sound), []
    characters = np.frombuffer(b'0123456789{}[],:"\\ntfale-.', dtype=np.uint8)
    for _ in range(300):
        changed = bytearray(sound)
        changed[rng.integers(container.DIGEST.stop, end)] = rng.choice(characters)
        (tmp_path / "changed.uq").write_bytes(signed(changed))
        try:
            uncertainty.load(tmp_path / "changed.uq")
            outcomes.append("loaded")
        except ModelFileError:
            outcomes.append("refused")
    assert set(outcomes) == {"loaded", "refused"}
