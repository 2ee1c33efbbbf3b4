//! Numbers that stand in the file.

use std::collections::HashMap;

use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

use super::{FLOAT, attributes, volume};
use crate::error::{OnnxError, quoted};

/// The number that ONNX has for whole numbers of 64 bits: axes and shapes.
pub(super) const INT64: i32 = 7;

/// Everything in the file that has a name and is computed by nothing: initializers, and what nodes of constants hold.
///
/// # Errors
/// Where a name is there twice, or data lie outside of the file.
pub(super) fn constants(graph: &GraphProto) -> Result<HashMap<&str, &TensorProto>, OnnxError> {
    let held = graph.node.iter().filter(|node| is_constant(node)).filter_map(|node| {
        let tensor = attributes::find(node, "value")?.t.as_ref()?;
        Some((node.output.first()?.as_str(), tensor))
    });
    let initializers = graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor));
    let mut all = HashMap::new();
    for (name, tensor) in initializers.chain(held) {
        // Whether it is needed or not: nobody should think that it was read.
        if tensor.data_location.unwrap_or(0) != 0 || !tensor.external_data.is_empty() {
            return Err(OnnxError::ExternalData { name: quoted(name) });
        }
        if all.insert(name, tensor).is_some() {
            return Err(OnnxError::Shape {
                place: format!("initializer {}", quoted(name)),
                found: "it is there twice".to_owned(),
                wants: "convert the model again".to_owned(),
            });
        }
    }
    Ok(all)
}

/// True for a node that only holds a constant.
pub(super) fn is_constant(node: &NodeProto) -> bool {
    node.op_type == "Constant" && matches!(&*node.domain, "" | "ai.onnx")
}

/// The axes of a constant that was checked.
pub(super) fn shape(tensor: &TensorProto) -> Vec<usize> {
    tensor.dims.iter().map(|axis| usize::try_from(*axis).unwrap_or(0)).collect()
}

/// That a constant is of numbers that are used here, as many as its axes say.
pub(super) fn check(name: &str, tensor: &TensorProto) -> Result<(), OnnxError> {
    let place = format!("initializer {}", quoted(name));
    let refused = |found: String, wants: &str| {
        Err(OnnxError::Shape { place: place.clone(), found, wants: wants.to_owned() })
    };
    if tensor.dims.iter().any(|axis| *axis < 0) || tensor.segment.is_some() {
        return refused(
            "its axes are below 0, or it is a part of a tensor".to_owned(),
            "convert the model again",
        );
    }
    let wanted = volume(&place, &shape(tensor))?;
    let (one, typed) = match tensor.data_type {
        FLOAT => (4, tensor.float_data.len()),
        INT64 => (8, tensor.int64_data.len()),
        other => {
            let wants = "numbers are 32-bit floats here, axes 64-bit integers; convert the model with those";
            return refused(format!("it is of ONNX's data type {other}"), wants);
        }
    };
    let others = tensor.int32_data.len()
        + tensor.double_data.len()
        + tensor.uint64_data.len()
        + tensor.string_data.len();
    let found = match (tensor.raw_data.len(), typed) {
        (0, typed) => typed,
        (raw, 0) if raw % one == 0 => raw / one,
        _ => usize::MAX,
    };
    if found != wanted || others > 0 {
        return refused(
            format!("its data are not the {wanted} numbers that its axes say"),
            "convert the model again",
        );
    }
    Ok(())
}

/// Whole numbers of a constant that was checked; none of one that is of others.
pub(super) fn whole_numbers(tensor: &TensorProto) -> Option<Vec<i64>> {
    if tensor.data_type != INT64 {
        return None;
    }
    if tensor.raw_data.is_empty() {
        return Some(tensor.int64_data.clone());
    }
    let (numbers, _) = tensor.raw_data.as_chunks::<8>();
    Some(numbers.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect())
}
