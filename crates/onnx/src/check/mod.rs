//! What of a graph is run: the nodes that lead to the probability, each of an operator that is known, with every shape computed.
//!
//! What leads elsewhere (labels, figures for people) is left out before anything looks at it. A row is computed alone, so that
//! every shape is a list of numbers; a value too large is found here and never made.

mod attributes;
mod operators;
mod shapes;
mod tensors;
mod trees;

use std::collections::HashMap;

use tract_onnx::pb::type_proto::Value;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};

use crate::error::{OnnxError, quoted, within};

/// The number that ONNX has for 32-bit floating point.
const FLOAT: i32 = 1;

/// Operator sets that are read, of `ai.onnx`.
const OPSETS: std::ops::RangeInclusive<i64> = 9..=23;

/// A graph that may be run.
#[derive(Debug)]
pub(crate) struct Checked {
    /// With one input, one output, and what leads from one to the other.
    pub(crate) model: ModelProto,
    /// The output's name.
    pub(crate) output: String,
}

/// What is known of a value while one row is computed; all are 32-bit numbers.
type Shape = Vec<usize>;

/// What nodes may take: values that were computed, and numbers that stand in the file.
#[derive(Default)]
struct Known<'a> {
    shapes: HashMap<&'a str, Shape>,
    constants: HashMap<&'a str, &'a TensorProto>,
}

/// Takes of `model` what leads to its probability, for rows of so many features.
///
/// # Errors
/// Where inputs or outputs are others than a row and a probability, an operator is unknown, or a value would be too large.
pub(crate) fn checked(model: &ModelProto, width: usize) -> Result<Checked, OnnxError> {
    opsets(model)?;
    let graph =
        model.graph.as_ref().ok_or(OnnxError::NotOnnx { at: 0, why: "it holds no graph".to_owned() })?;
    let mut constants = tensors::constants(graph)?;
    let input = input(graph, &constants, width)?;
    let output = output(graph)?;
    let nodes = needed(graph, &output.name)?;
    let mut known = Known::default();
    known.shapes.insert(&input.name, vec![1, width]);
    for (at, node) in &nodes {
        for name in node.input.iter().filter(|name| !name.is_empty()) {
            if let Some(tensor) = constants.remove(name.as_str()) {
                tensors::check(name, tensor)?;
                known.constants.insert(name, tensor);
            }
        }
        let (name, shape) = operators::shape(*at, node, &known)?;
        if known.shapes.contains_key(name)
            || known.constants.contains_key(name)
            || constants.contains_key(name)
        {
            return Err(operators::refused(*at, node, format!("{} is made elsewhere as well", quoted(name))));
        }
        known.shapes.insert(name, shape);
    }
    probability(output, &known)?;
    let mut kept = GraphProto {
        name: "palisade".to_owned(),
        initializer: initializers(&nodes, &known),
        input: vec![input.clone()],
        output: vec![ValueInfoProto { name: output.name.clone(), ..ValueInfoProto::default() }],
        ..GraphProto::default()
    };
    nodes.iter().for_each(|(at, node)| operators::write(*at, node, &mut kept));
    let (ir_version, opset_import) = (model.ir_version, model.opset_import.clone());
    let model = ModelProto { ir_version, opset_import, graph: Some(kept), ..ModelProto::default() };
    Ok(Checked { model, output: output.name.clone() })
}

fn opsets(model: &ModelProto) -> Result<(), OnnxError> {
    for set in &model.opset_import {
        let (place, found) = ("opset_import", format!("{} {}", quoted(&set.domain), set.version));
        let is_read = match &*set.domain {
            "" | "ai.onnx" => OPSETS.contains(&set.version),
            "ai.onnx.ml" => true,
            _ => false,
        };
        if !is_read {
            let wants = format!(
                "`` {} to {} and `ai.onnx.ml` are read; convert with one of them",
                OPSETS.start(),
                OPSETS.end()
            );
            return Err(OnnxError::Shape { place: place.to_owned(), found, wants });
        }
    }
    Ok(())
}

/// The one input: a row, or many.
fn input<'a>(
    graph: &'a GraphProto,
    constants: &HashMap<&str, &TensorProto>,
    width: usize,
) -> Result<&'a ValueInfoProto, OnnxError> {
    let mut inputs = graph.input.iter().filter(|input| !constants.contains_key(input.name.as_str()));
    let wants = || {
        format!("it takes one input, 32-bit floats [N, {width}]: a row of the {width} features that it names")
    };
    let place = |name: &str| format!("input {}", quoted(name));
    let refused =
        |name: &str, found: String| Err(OnnxError::Shape { place: place(name), found, wants: wants() });
    let Some(input) = inputs.next() else {
        return Err(OnnxError::Shape {
            place: "inputs".to_owned(),
            found: "there is none".to_owned(),
            wants: wants(),
        });
    };
    if let Some(second) = inputs.next() {
        return refused(&second.name, format!("it is one more than {}", quoted(&input.name)));
    }
    let Some((kind, axes)) = tensor_type(input) else {
        return refused(&input.name, "it is no tensor with a shape".to_owned());
    };
    // An axis without a number is as long as the input happens to be.
    match axes[..] {
        [rows, columns]
            if kind == FLOAT
                && matches!(rows, None | Some(1))
                && columns.is_none_or(|found| found == width as i64) =>
        {
            Ok(input)
        }
        _ if kind != FLOAT => refused(&input.name, format!("it is of ONNX's data type {kind}")),
        _ => refused(&input.name, format!("it has the axes {}", told(&axes))),
    }
}

/// The one output that can be a probability: labels are whole numbers or words.
fn output(graph: &GraphProto) -> Result<&ValueInfoProto, OnnxError> {
    let wants = "name one output of 32-bit floats: the probability of a program, [N, 1] or [N], or [N, 2] with that of the program last";
    let mut floats = Vec::new();
    for output in &graph.output {
        match output.r#type.as_ref().map(|kind| &kind.value) {
            Some(Some(Value::TensorType(tensor))) if tensor.elem_type != FLOAT => {}
            Some(None) => {
                let (place, found) =
                    (format!("output {}", quoted(&output.name)), "it is a list of maps".to_owned());
                let wants = "convert again with the option zipmap off".to_owned();
                return Err(OnnxError::Shape { place, found, wants });
            }
            _ => floats.push(output),
        }
    }
    match floats[..] {
        [one] => Ok(one),
        [] => Err(OnnxError::Shape {
            place: "outputs".to_owned(),
            found: "none is of 32-bit floats".to_owned(),
            wants: wants.to_owned(),
        }),
        [first, second, ..] => {
            let found = format!("{} and {} may both be meant", quoted(&first.name), quoted(&second.name));
            Err(OnnxError::Shape { place: "outputs".to_owned(), found, wants: wants.to_owned() })
        }
    }
}

/// The nodes that `output` rests on, with their numbers, in the order of the file.
fn needed<'a>(graph: &'a GraphProto, output: &'a str) -> Result<Vec<(usize, &'a NodeProto)>, OnnxError> {
    let mut makers: HashMap<&str, usize> = HashMap::new();
    for (at, node) in graph.node.iter().enumerate() {
        for name in node.output.iter().filter(|name| !name.is_empty()) {
            if makers.insert(name, at).is_some() {
                let why = format!("another node makes {} as well", quoted(name));
                return Err(operators::refused(at, node, why));
            }
        }
    }
    let mut is_needed = vec![false; graph.node.len()];
    let mut open = vec![output];
    while let Some(name) = open.pop() {
        let Some(&at) = makers.get(name) else { continue };
        if !std::mem::replace(&mut is_needed[at], true) {
            open.extend(graph.node[at].input.iter().map(String::as_str));
        }
    }
    let is_kept = |(at, node): &(usize, &NodeProto)| is_needed[*at] && !tensors::is_constant(node);
    Ok(graph.node.iter().enumerate().filter(is_kept).collect())
}

/// That the output is one number a row, or two.
fn probability(output: &ValueInfoProto, known: &Known<'_>) -> Result<(), OnnxError> {
    let shape = known.shapes.get(output.name.as_str());
    if shape.is_some_and(|shape| matches!(shape[..], [1] | [1, 1] | [1, 2])) {
        return Ok(());
    }
    let found = shape
        .map_or("nothing computes it".to_owned(), |shape| format!("it has the axes {shape:?} for one row"));
    let wants = "a probability has [N, 1] or [N], two classes have [N, 2]".to_owned();
    Err(OnnxError::Shape { place: format!("output {}", quoted(&output.name)), found, wants })
}

/// The numbers that kept nodes take.
fn initializers(nodes: &[(usize, &NodeProto)], known: &Known<'_>) -> Vec<TensorProto> {
    let mut names: Vec<&str> = nodes.iter().flat_map(|(_, node)| &node.input).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let named = names.into_iter().filter_map(|name| Some((name, *known.constants.get(name)?)));
    named
        .map(|(name, tensor)| TensorProto {
            name: name.to_owned(),
            doc_string: String::new(),
            ..tensor.clone()
        })
        .collect()
}

/// Data type and axes of a value that says them; an axis may have no number.
fn tensor_type(value: &ValueInfoProto) -> Option<(i32, Vec<Option<i64>>)> {
    use tract_onnx::pb::tensor_shape_proto::dimension::Value as Axis;
    let Some(Value::TensorType(tensor)) = &value.r#type.as_ref()?.value else { return None };
    let axes = tensor.shape.as_ref()?.dim.iter().map(|axis| match &axis.value {
        // Some converters write 0 where they mean any number.
        Some(Axis::DimValue(length)) if *length > 0 => Some(*length),
        _ => None,
    });
    Some((tensor.elem_type, axes.collect()))
}

fn told(axes: &[Option<i64>]) -> String {
    let axes = axes.iter().take(8).map(|axis| axis.map_or("N".to_owned(), |length| length.to_string()));
    format!("[{}]", axes.collect::<Vec<_>>().join(", "))
}

/// Numbers of a value of this shape, within the bounds.
fn volume(place: &str, shape: &[usize]) -> Result<usize, OnnxError> {
    within(place, shape.len(), crate::bounds::RANK_MAX, "axes")?;
    let found = shape.iter().try_fold(1_usize, |all, axis| all.checked_mul(*axis)).unwrap_or(usize::MAX);
    within(place, found, crate::bounds::ELEMENTS_MAX, "numbers")?;
    Ok(found)
}

#[cfg(test)]
mod tests;
