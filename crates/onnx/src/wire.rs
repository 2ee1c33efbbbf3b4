//! The bytes of a file, counted before anything is decoded: how many nodes, attributes and values there are, and that there is
//! nothing that holds another graph.
//!
//! Protocol buffers: each field is a number with a kind, then a varint, 4 or 8 bytes, or a length and so many bytes. Field numbers
//! are those of onnx.proto. Walked in place, without recursion beyond the levels named here.

use crate::bounds::{ATTRIBUTES_MAX, FILE_BYTES_MAX, NODES_MAX, PROPERTIES_MAX, VALUES_MAX};
use crate::error::{OnnxError, within};

/// Counts what is in `bytes`.
///
/// # Errors
/// Where they are no protocol buffer, hold more than their bounds, or parts that are not read.
pub(crate) fn counted(bytes: &[u8]) -> Result<(), OnnxError> {
    within("the file", bytes.len(), FILE_BYTES_MAX, "bytes")?;
    let mut counts = Counts::default();
    each(bytes, 0, |field, at, inner| {
        match field {
            7 => return graph(inner, at, &mut counts),
            8 | 14 => counts.properties += 1,
            20 => return part("training_info", "a training"),
            25 => return part("functions", "functions of the file's own"),
            _ => {}
        }
        within("metadata_props and opset_import", counts.properties, PROPERTIES_MAX, "entries")
    })
}

#[derive(Default)]
struct Counts {
    nodes: usize,
    values: usize,
    properties: usize,
}

fn graph(bytes: &[u8], start: usize, counts: &mut Counts) -> Result<(), OnnxError> {
    each(bytes, start, |field, at, inner| {
        match field {
            1 => {
                counts.nodes += 1;
                within("graph", counts.nodes, NODES_MAX, "nodes")?;
                node(inner, at, counts.nodes - 1)?;
            }
            5 | 11 | 12 | 13 => counts.values += 1,
            14 => return part("graph", "notes on quantization"),
            15 => return part("graph", "a sparse initializer"),
            _ => {}
        }
        within("graph", counts.values, VALUES_MAX, "initializers, inputs, outputs and described values")
    })
}

fn node(bytes: &[u8], start: usize, number: usize) -> Result<(), OnnxError> {
    let (mut attributes, mut names) = (0, 0);
    let place = || format!("node {number}");
    each(bytes, start, |field, at, inner| {
        match field {
            1 | 2 => names += 1,
            5 => {
                attributes += 1;
                each(inner, at, |field, _, _| match field {
                    6 | 11 => part(&place(), "a graph of its own (control flow: Loop, If, Scan)"),
                    10 | 22 | 23 => part(&place(), "a list of tensors or a sparse tensor"),
                    _ => Ok(()),
                })?;
            }
            _ => {}
        }
        within(&place(), attributes, ATTRIBUTES_MAX, "attributes")?;
        within(&place(), names, VALUES_MAX, "inputs and outputs")
    })
}

fn part(place: &str, what: &'static str) -> Result<(), OnnxError> {
    Err(OnnxError::Part { place: place.to_owned(), what })
}

/// Calls `with` for each field of the message in `bytes`, which begins at byte `start` of the file: its number, where its content
/// begins, and the content where it has a length.
fn each(
    bytes: &[u8],
    start: usize,
    mut with: impl FnMut(u64, usize, &[u8]) -> Result<(), OnnxError>,
) -> Result<(), OnnxError> {
    let mut at = 0;
    while at < bytes.len() {
        let here = at;
        let broken = |why: &str| OnnxError::NotOnnx { at: start + here, why: why.to_owned() };
        let key = varint(bytes, &mut at).ok_or_else(|| broken("a field without an end"))?;
        let length = match key & 7 {
            0 => varint(bytes, &mut at).map(|_| None),
            1 => Some(Some(8)),
            2 => varint(bytes, &mut at).map(Some),
            5 => Some(Some(4)),
            _ => return Err(broken("a field of no kind that there is")),
        };
        let length = length.ok_or_else(|| broken("a number without an end"))?.unwrap_or(0);
        let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length));
        let inner = end.and_then(|end| bytes.get(at..end));
        let inner = inner.ok_or_else(|| broken("a field that is longer than the file"))?;
        with(key >> 3, start + at, if key & 7 == 2 { inner } else { &[] })?;
        at += inner.len();
    }
    Ok(())
}

/// A number of 7 bits a byte, lowest first; at most ten bytes.
fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field that has a length.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2];
        let mut length = content.len();
        while length >= 0x80 {
            bytes.push(length as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend_from_slice(content);
        bytes
    }

    fn refused(bytes: &[u8]) -> String {
        counted(bytes).expect_err("it is refused").to_string()
    }

    #[test]
    fn what_is_within_its_bounds_passes() {
        let node = field(1, &[field(1, b"x"), field(2, b"y"), field(5, &field(1, b"axis"))].concat());
        let graph = field(7, &[node.repeat(NODES_MAX), field(5, &[]).repeat(VALUES_MAX)].concat());
        assert_eq!(counted(&[vec![8, 9], graph, field(14, &[])].concat()), Ok(()));
        assert_eq!(counted(&[]), Ok(()), "what is missing is found later");
    }

    #[test]
    fn bounds_are_seen_before_anything_is_decoded() {
        assert!(refused(&vec![0; FILE_BYTES_MAX + 1]).contains("4194305 bytes, more than 4194304"));
        let nodes = field(7, &field(1, &[]).repeat(NODES_MAX + 1));
        assert!(refused(&nodes).contains("513 nodes, more than 512"));
        // In two parts, which a decoder joins.
        let half = field(7, &field(1, &[]).repeat(NODES_MAX / 2 + 1));
        assert!(refused(&half.repeat(2)).contains("513 nodes"));
        let values = field(7, &field(13, &[]).repeat(VALUES_MAX + 1));
        assert!(refused(&values).contains("2049 initializers"));
        let attributes = field(7, &field(1, &field(5, &[]).repeat(ATTRIBUTES_MAX + 1)));
        assert!(refused(&attributes).contains("node 0: 65 attributes"));
        assert!(refused(&field(14, &[]).repeat(PROPERTIES_MAX + 1)).contains("257 entries"));
    }

    #[test]
    fn graphs_within_graphs_are_refused() {
        let loops = field(7, &[field(1, &[]), field(1, &field(5, &field(6, &[])))].concat());
        assert!(refused(&loops).contains("node 1: a graph of its own (control flow: Loop, If, Scan)"));
        assert!(refused(&field(7, &field(15, &[]))).contains("sparse"));
        // Field 25 has a key of two bytes.
        assert!(refused(&[0xca, 0x01, 0]).contains("functions"));
        assert!(refused(&[0xa2, 0x01, 0]).contains("training"));
    }

    #[test]
    fn bytes_that_are_nothing_say_where() {
        assert!(refused(&[0x0f]).contains("byte 0: this is no ONNX file"));
        assert!(refused(&[0x3a, 200, 1]).contains("longer than the file"));
        assert!(refused(&[0xff; 30]).contains("without an end"));
        let late = field(7, &field(1, &[0x0a, 5, 0]));
        assert!(refused(&late).contains("byte 4:"), "{}", refused(&late));
    }
}
