use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    AttributeProto, OperatorSetIdProto, StringStringEntryProto, TensorShapeProto, TypeProto, type_proto,
};

use super::*;

/// A value of a name, a data type and axes; 0 is any length.
fn value(name: &str, elem_type: i32, axes: &[i64]) -> ValueInfoProto {
    let axis = |length: &i64| Dimension {
        value: (*length > 0).then_some(dimension::Value::DimValue(*length)),
        ..Dimension::default()
    };
    let shape = Some(TensorShapeProto { dim: axes.iter().map(axis).collect() });
    let kind = Value::TensorType(type_proto::Tensor { elem_type, shape });
    let kind = TypeProto { value: Some(kind), ..TypeProto::default() };
    ValueInfoProto { name: name.to_owned(), r#type: Some(kind), ..ValueInfoProto::default() }
}

fn node(operator: &str, input: &[&str], output: &[&str], attribute: Vec<AttributeProto>) -> NodeProto {
    let (domain, op_type) = operator.split_once(':').unwrap_or(("", operator));
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    NodeProto {
        domain: domain.to_owned(),
        op_type: op_type.to_owned(),
        input: names(input),
        output: names(output),
        attribute,
        ..NodeProto::default()
    }
}

fn ints(name: &str, ints: &[i64]) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: 7, ints: ints.to_vec(), ..AttributeProto::default() }
}

fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: 2, i, ..AttributeProto::default() }
}

fn words(name: &str, words: &[&str]) -> AttributeProto {
    let strings = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    AttributeProto { name: name.to_owned(), r#type: 8, strings, ..AttributeProto::default() }
}

fn floats(name: &str, floats: &[f32]) -> AttributeProto {
    operators::floats_attribute(name, floats.to_vec())
}

fn tensor(name: &str, dims: &[i64]) -> TensorProto {
    let count = dims.iter().product::<i64>().clamp(0, 1 << 22);
    TensorProto {
        name: name.to_owned(),
        dims: dims.to_vec(),
        data_type: FLOAT,
        float_data: vec![0.25; count as usize],
        ..TensorProto::default()
    }
}

/// Rows of three features times weights, bent: a probability.
fn small() -> ModelProto {
    let graph = GraphProto {
        node: vec![node("MatMul", &["x", "w"], &["sum"], vec![]), node("Sigmoid", &["sum"], &["p"], vec![])],
        initializer: vec![tensor("w", &[3, 1])],
        input: vec![value("x", FLOAT, &[0, 3])],
        output: vec![value("p", FLOAT, &[0, 1])],
        ..GraphProto::default()
    };
    ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 17 }],
        graph: Some(graph),
        ..ModelProto::default()
    }
}

fn refused(change: impl FnOnce(&mut GraphProto)) -> String {
    let mut model = small();
    change(model.graph.as_mut().expect("it has one"));
    checked(&model, 3).expect_err("the change is a fault").to_string()
}

fn check(change: impl FnOnce(&mut GraphProto), says: &str) {
    let error = refused(change);
    assert!(error.contains(says), "{error}");
    assert!(error.len() < 1_000, "{error}");
}

/// As [`check`], of one more node before the last.
fn check_node(more: NodeProto, says: &str) {
    check(
        |graph| {
            graph.node[1].input = vec![more.output[0].clone()];
            graph.node.insert(1, more);
        },
        says,
    );
}

#[test]
fn what_leads_elsewhere_is_left_out() {
    let mut model = small();
    let graph = model.graph.as_mut().expect("it has one");
    graph.node.push(node("ai.onnx.ml:ArrayFeatureExtractor", &["p", "w"], &["label"], vec![]));
    graph.output.push(value("label", 7, &[0]));
    graph.initializer.push(tensor("unused", &[2]));
    let checked = checked(&model, 3).expect("the label is nobody's concern");
    let kept = checked.model.graph.expect("it has one");
    let operators: Vec<&str> = kept.node.iter().map(|node| &*node.op_type).collect();
    assert_eq!((operators, kept.initializer.len(), &*checked.output), (vec!["MatMul", "Sigmoid"], 1, "p"));
    assert!(crate::net::Net::new(&ModelProto { graph: Some(kept), ..checked.model }, 3).is_ok());
}

#[test]
fn operators_that_are_unknown_are_named_with_those_that_are() {
    check_node(node("Loop", &["sum"], &["y"], vec![]), "`Loop` is not run here (control flow");
    check_node(node("Einsum", &["sum"], &["y"], vec![]), "the operators are Abs, Add, BatchNormalization");
    check_node(node("com.example:Relu", &["sum"], &["y"], vec![]), "`Relu` is not run here;");
    check_node(node("ai.onnx.ml:ZipMap", &["sum"], &["y"], vec![]), "with the option zipmap off");
    check_node(node("Cast", &["sum"], &["y"], vec![int("to", 11)]), "32-bit floats");
    for bomb in ["Expand", "Tile", "ConstantOfShape", "Range", "Pad", "Resize", "RandomNormal"] {
        check_node(node(bomb, &["sum"], &["y"], vec![]), "is not run here");
    }
}

#[test]
fn small_values_that_would_become_huge_ones_are_refused() {
    // Two thousand rows under two thousand columns.
    let outer = |graph: &mut GraphProto| {
        graph.initializer.extend([tensor("rows", &[2_000, 1]), tensor("columns", &[1, 2_000])]);
        graph.node[1].input = vec!["huge".to_owned()];
        graph.node.insert(1, node("Add", &["rows", "columns"], &["huge"], vec![]));
    };
    check(outer, "node 1: 4000000 numbers, more than 1048576");
    // Twice as long with every node.
    let doubled = |graph: &mut GraphProto| {
        let mut before = "sum".to_owned();
        for at in 0..60 {
            let name = format!("twice{at}");
            graph.node.insert(1 + at, node("Concat", &[&before, &before], &[&name], vec![int("axis", 1)]));
            before = name;
        }
        graph.node[61].input = vec![before];
    };
    check(doubled, "2097152 numbers, more than 1048576");
    check(|graph| graph.initializer[0] = tensor("w", &[3, 1 << 21]), "initializer `w`: 6291456 numbers");
    check(|graph| graph.initializer[0].dims = vec![i64::MAX, i64::MAX], "more than 1048576");
    check(|graph| graph.initializer[0].dims = vec![1; 9], "9 axes, more than 4");
}

#[test]
fn data_are_in_the_file_and_are_as_many_as_they_say() {
    check(|graph| graph.initializer[0].dims = vec![3, 2], "are not the 6 numbers");
    check(|graph| graph.initializer[0].dims = vec![-3, -1], "below 0");
    check(|graph| graph.initializer[0].data_type = 11, "of ONNX's data type 11");
    check(|graph| graph.initializer[0].double_data = vec![1.0], "are not the 3 numbers");
    let outside = |graph: &mut GraphProto| {
        let entry = StringStringEntryProto { key: "location".into(), value: "../../etc/passwd".into() };
        graph.initializer[0].external_data.push(entry);
    };
    check(outside, "initializer `w`: its data lie outside of the file, and no other file is opened");
    check(|graph| graph.initializer[0].data_location = Some(1), "outside of the file");
    check(|graph| graph.initializer.push(tensor("w", &[3, 1])), "`w`: it is there twice");
}

#[test]
fn inputs_and_outputs_are_a_row_and_a_probability() {
    check(
        |graph| graph.input[0] = value("x", FLOAT, &[0, 4]),
        "input `x`: it has the axes [N, 4]; it takes one input",
    );
    check(|graph| graph.input[0] = value("x", FLOAT, &[5, 3]), "the axes [5, 3]");
    check(|graph| graph.input[0] = value("x", 11, &[0, 3]), "data type 11");
    check(|graph| graph.input[0].r#type = None, "no tensor with a shape");
    check(|graph| graph.input.push(value("y", FLOAT, &[0, 1])), "input `y`: it is one more than `x`");
    check(|graph| graph.input.clear(), "inputs: there is none");
    check(|graph| graph.output.push(value("sum", FLOAT, &[0, 1])), "`p` and `sum` may both be meant");
    check(|graph| graph.output[0] = value("p", 7, &[0]), "none is of 32-bit floats");
    check(|graph| graph.output[0].name = "q".to_owned(), "output `q`: nothing computes it");
    check(
        |graph| graph.initializer[0] = tensor("w", &[3, 4]),
        "output `p`: it has the axes [1, 4] for one row",
    );
    let maps = |graph: &mut GraphProto| graph.output[0].r#type = Some(TypeProto::default());
    check(maps, "option zipmap off");
    let mut model = small();
    model.opset_import[0].version = 99;
    assert!(checked(&model, 3).unwrap_err().to_string().contains("`` 99; `` 9 to 23"));
    model.opset_import[0].domain = "com.microsoft".to_owned();
    assert!(checked(&model, 3).is_err());
    model.graph = None;
    assert!(checked(&ModelProto::default(), 3).unwrap_err().to_string().contains("holds no graph"));
}

#[test]
fn names_lead_to_one_value_and_never_in_a_circle() {
    check(|graph| graph.node[0].input[0] = "p".to_owned(), "its input `p` is made by nothing that is read");
    check(|graph| graph.node[1].output[0] = "sum".to_owned(), "another node makes `sum` as well");
    let shadowing = |graph: &mut GraphProto| {
        graph.node[0].output[0] = "w".to_owned();
        graph.node[1].input[0] = "w".to_owned();
    };
    check(shadowing, "`w` is made elsewhere as well");
    check(|graph| graph.node.swap(0, 1), "made by nothing that is read");
    check(|graph| graph.node[1].output.clear(), "nothing computes it");
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let three = |operator: &str, axes: &[i64]| {
        let dims: Vec<i64> = axes.to_vec();
        let made = node(operator, &["x", "other"], &["y"], vec![]);
        refused(move |graph| {
            graph.initializer.push(tensor("other", &dims));
            graph.node[1].input[0] = "y".to_owned();
            graph.node.insert(1, made);
        })
    };
    assert!(three("Add", &[1, 2]).contains("[1, 3] and [1, 2] do not fit"));
    assert!(three("MatMul", &[2, 3]).contains("[1, 3] and [2, 3] cannot be multiplied"));
    assert!(three("Gemm", &[2, 3]).contains("cannot be multiplied"));
    assert!(three("Reshape", &[2]).contains("do not stand in the file"));
    check_node(node("Softmax", &["sum"], &["y"], vec![int("axis", 0)]), "over axis 0");
    check_node(node("Flatten", &["sum"], &["y"], vec![int("axis", 0)]), "leave the rows");
    check_node(node("Concat", &["sum"], &["y"], vec![int("axis", -9)]), "no axis -9");
    check_node(
        node("Squeeze", &["sum"], &["y"], vec![ints("axes", &[i64::MIN])]),
        "no axis -9223372036854775808",
    );
    check_node(node("Unsqueeze", &["sum"], &["y"], vec![ints("axes", &[0, 0])]), "there twice");
    check_node(node("Sigmoid", &["sum", "sum"], &["y"], vec![]), "it has 2 inputs");
    check_node(node("BatchNormalization", &["sum"], &["y"], vec![]), "it has 1 inputs");
    check_node(node("ai.onnx.ml:Scaler", &["x"], &["y"], vec![]), "not 3 numbers");
    check_node(node("ai.onnx.ml:Imputer", &["x"], &["y"], vec![]), "does not replace NaN");
}

/// Two trees over three columns: a split with two leaves, and a leaf.
fn trees() -> NodeProto {
    let attributes = vec![
        ints("classlabels_int64s", &[0, 1]),
        ints("nodes_treeids", &[0, 0, 0, 1]),
        ints("nodes_nodeids", &[0, 1, 2, 0]),
        ints("nodes_featureids", &[2, 0, 0, 0]),
        ints("nodes_truenodeids", &[1, 0, 0, 0]),
        ints("nodes_falsenodeids", &[2, 0, 0, 0]),
        ints("nodes_missing_value_tracks_true", &[1, 0, 0, 0]),
        words("nodes_modes", &["BRANCH_LEQ", "LEAF", "LEAF", "LEAF"]),
        floats("nodes_values", &[0.5, 0.0, 0.0, 0.0]),
        ints("class_treeids", &[0, 0, 1]),
        ints("class_nodeids", &[1, 2, 0]),
        ints("class_ids", &[0, 0, 0]),
        floats("class_weights", &[0.25, 0.5, 0.125]),
        floats("base_values", &[0.0625]),
    ];
    node("ai.onnx.ml:TreeEnsembleClassifier", &["x"], &["", "p"], attributes)
}

fn forest(change: impl FnOnce(&mut NodeProto)) -> Result<Checked, OnnxError> {
    let mut model = small();
    let graph = model.graph.as_mut().expect("it has one");
    let mut trees = trees();
    change(&mut trees);
    graph.node = vec![trees];
    checked(&model, 3)
}

#[test]
fn trees_that_lead_somewhere_are_run() {
    let checked = forest(|_| ()).expect("they are sound");
    let net = crate::net::Net::new(&checked.model, 3).expect("it runs");
    // Of the one class that is voted for, the sum of the leaves and the base.
    for (row, expect) in
        [([0.0, 0.0, 0.5], 0.4375), ([0.0, 0.0, 0.6], 0.6875), ([0.0, 0.0, f32::NAN], 0.4375)]
    {
        assert_eq!(net.run(&row), Some(expect), "{row:?}");
    }
}

#[test]
fn trees_that_lead_nowhere_or_in_a_circle_are_refused() {
    let says = |name: &str, change: &dyn Fn(&mut AttributeProto), says: &str| {
        let changed = |node: &mut NodeProto| {
            change(node.attribute.iter_mut().find(|attribute| attribute.name == name).expect(name));
        };
        let error = forest(changed).expect_err(says).to_string();
        assert!(error.contains(says), "{name}: {error}");
    };
    let at = |at: usize, to: i64| move |attribute: &mut AttributeProto| attribute.ints[at] = to;
    says("nodes_truenodeids", &at(0, 0), "node 0 leads to 0, which is nowhere, the root or reached twice");
    says("nodes_truenodeids", &at(0, 2), "reached twice");
    says("nodes_falsenodeids", &at(0, 3), "leads to 3");
    says("nodes_falsenodeids", &at(0, -1), "leads to -1");
    says("nodes_featureids", &at(3, 3), "column 3 of 3");
    says("nodes_featureids", &at(3, -1), "column -1");
    says("nodes_nodeids", &at(2, 1), "node 1 twice");
    says("nodes_nodeids", &at(2, 7), "one with the number 7");
    says("nodes_treeids", &at(3, 2), "numbered 0, 1, 2");
    says("class_treeids", &at(0, 1), "order of the trees");
    says("class_nodeids", &at(0, 0), "no leaf 0 in tree 0");
    says("class_nodeids", &at(1, 1), "a leaf has no vote");
    says("class_ids", &at(0, 2), "a third class");
    says("class_ids", &at(0, -1), "a third class");
    says("class_ids", &at(0, 1), "1 base values for two classes");
    says("classlabels_int64s", &|labels| labels.ints.push(2), "3 classes");
    says("nodes_missing_value_tracks_true", &at(0, 2), "neither 0 nor 1");
    says("nodes_values", &|values| values.floats.truncate(3), "different lengths");
    says("nodes_values", &|values| values.floats[0] = f32::NAN, "no number");
    says("class_weights", &|values| values.floats[0] = f32::INFINITY, "no number");
    says("base_values", &|values| values.floats = vec![0.0; 3], "3 base values");
    // tract reads it as a leaf, and its column as the place of votes.
    says(
        "nodes_modes",
        &|modes| modes.strings[0] = b"BRANCH_GTE".to_vec(),
        "mode `BRANCH_GTE`, which is not read",
    );
    let transformed = forest(|node| {
        node.attribute.push(AttributeProto {
            name: "post_transform".to_owned(),
            r#type: 3,
            s: b"PROBIT".to_vec(),
            ..AttributeProto::default()
        });
    });
    assert!(transformed.expect_err("it is not run").to_string().contains("post_transform"));
}
