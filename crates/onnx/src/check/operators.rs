//! The operators that are run: the one list of them, what each makes of its inputs, and how it is written for tract.

use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

use super::{FLOAT, Known, Shape, attributes, shapes, trees};
use crate::error::{OnnxError, quoted};

/// How the shape of what comes out follows, and what else is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Number by number.
    Each,
    /// Number by number, of values that are stretched to one shape.
    Stretched,
    Clip,
    Cast,
    Dropout,
    Softmax,
    MatMul,
    Gemm,
    BatchNorm,
    Concat,
    Flatten,
    Reshape,
    Squeeze,
    Unsqueeze,
    Scaler,
    Imputer,
    Linear,
    Trees,
}

/// Every operator that is run. Those whose name begins with `ml.` are of `ai.onnx.ml`.
const OPERATORS: &[(&str, Rule)] = &[
    ("Abs", Rule::Each),
    ("Add", Rule::Stretched),
    ("BatchNormalization", Rule::BatchNorm),
    ("Cast", Rule::Cast),
    ("Clip", Rule::Clip),
    ("Concat", Rule::Concat),
    ("Div", Rule::Stretched),
    ("Dropout", Rule::Dropout),
    ("Elu", Rule::Each),
    ("Exp", Rule::Each),
    ("Flatten", Rule::Flatten),
    ("Gemm", Rule::Gemm),
    ("Identity", Rule::Each),
    ("LeakyRelu", Rule::Each),
    ("Log", Rule::Each),
    ("MatMul", Rule::MatMul),
    ("Max", Rule::Stretched),
    ("Min", Rule::Stretched),
    ("Mul", Rule::Stretched),
    ("Neg", Rule::Each),
    ("Relu", Rule::Each),
    ("Reshape", Rule::Reshape),
    ("Selu", Rule::Each),
    ("Sigmoid", Rule::Each),
    ("Softmax", Rule::Softmax),
    ("Softplus", Rule::Each),
    ("Sqrt", Rule::Each),
    ("Squeeze", Rule::Squeeze),
    ("Sub", Rule::Stretched),
    ("Tanh", Rule::Each),
    ("Unsqueeze", Rule::Unsqueeze),
    ("ml.Imputer", Rule::Imputer),
    ("ml.LinearClassifier", Rule::Linear),
    ("ml.Scaler", Rule::Scaler),
    ("ml.TreeEnsembleClassifier", Rule::Trees),
];

/// What to do about operators that people meet.
const HINTS: &[(&str, &str)] = &[
    ("ZipMap", " (convert again with the option zipmap off)"),
    (
        "TreeEnsemble",
        " (convert again with target_opset {\"\": 18, \"ai.onnx.ml\": 3}, which writes TreeEnsembleClassifier)",
    ),
    ("TreeEnsembleRegressor", " (train a classifier: its trees are)"),
    ("LinearRegressor", " (train a classifier)"),
    ("Loop", " (control flow is not run at all)"),
    ("If", " (control flow is not run at all)"),
    ("Scan", " (control flow is not run at all)"),
];

/// A node as messages have it: its name, or its number.
pub(super) fn name(at: usize, node: &NodeProto) -> String {
    if node.name.is_empty() { at.to_string() } else { quoted(&node.name) }
}

/// `node` is refused because of `why`.
pub(super) fn refused(at: usize, node: &NodeProto, why: impl Into<String>) -> OnnxError {
    OnnxError::Node { node: name(at, node), operator: quoted(&node.op_type), why: why.into() }
}

fn rule(node: &NodeProto) -> Option<Rule> {
    let is_own = |name: &str| match name.strip_prefix("ml.") {
        Some(name) => node.domain == "ai.onnx.ml" && node.op_type == name,
        None => matches!(&*node.domain, "" | "ai.onnx") && node.op_type == name,
    };
    OPERATORS.iter().find(|(name, _)| is_own(name)).map(|(_, rule)| *rule)
}

/// What `node` makes of what is known: the name of the one output that is used, and its shape.
///
/// # Errors
/// Where its operator is not run, or does not take this.
pub(super) fn shape<'a>(
    at: usize,
    node: &'a NodeProto,
    known: &Known<'_>,
) -> Result<(&'a str, Shape), OnnxError> {
    let Some(rule) = rule(node) else {
        let hint = HINTS.iter().find(|(name, _)| *name == node.op_type).map_or("", |(_, hint)| hint);
        let known = OPERATORS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        return Err(OnnxError::Operator {
            node: name(at, node),
            operator: quoted(&node.op_type),
            hint,
            known,
        });
    };
    if node.attribute.iter().any(|attribute| !attribute.ref_attr_name.is_empty()) {
        return Err(refused(at, node, "an attribute stands for another one"));
    }
    let named =
        if matches!(rule, Rule::Linear | Rule::Trees) { node.output.get(1) } else { node.output.first() };
    let named =
        named.filter(|name| !name.is_empty()).ok_or_else(|| refused(at, node, "it names no output"))?;
    let look = shapes::Look { at, node, known };
    let shape = match rule {
        Rule::Each => look.one(1)?,
        Rule::Stretched => look.stretched()?,
        Rule::Clip => look.clip()?,
        Rule::Cast if attributes::int(node, "to") == Some(i64::from(FLOAT)) => look.one(1)?,
        Rule::Cast => {
            return Err(refused(at, node, "numbers are 32-bit floats here, from the input to the output"));
        }
        Rule::Dropout => look.dropout()?,
        Rule::Softmax => look.softmax()?,
        Rule::MatMul => look.mat_mul()?,
        Rule::Gemm => look.gemm()?,
        Rule::BatchNorm => look.batch_norm()?,
        Rule::Concat => look.concat()?,
        Rule::Flatten => look.flatten()?,
        Rule::Reshape => look.reshape()?,
        Rule::Squeeze => look.squeeze()?,
        Rule::Unsqueeze => look.unsqueeze()?,
        Rule::Scaler => look.scaler()?,
        Rule::Imputer => look.imputer()?,
        Rule::Linear => look.linear()?,
        Rule::Trees => {
            let columns = look.columns()?;
            trees::check(node, columns).map_err(|why| refused(at, node, why))?;
            vec![1, 2]
        }
    };
    super::volume(&format!("node {}", name(at, node)), &shape)?;
    Ok((named, shape))
}

/// Puts a node that was checked at the end of `graph`, with names of our own: what tract lacks is written as what it has.
pub(super) fn write(at: usize, node: &NodeProto, graph: &mut GraphProto) {
    let own = |part: &str| format!("palisade.{at}.{part}");
    let input = || node.input.first().cloned().unwrap_or_default();
    let output = || node.output.first().cloned().unwrap_or_default();
    let made = |part: &str, operator: &str, input: Vec<String>, output: String| NodeProto {
        name: own(part),
        op_type: operator.to_owned(),
        input,
        output: vec![output],
        ..NodeProto::default()
    };
    let numbers = |part: &str, numbers: &[f32]| TensorProto {
        name: own(part),
        dims: vec![1, numbers.len() as i64],
        data_type: FLOAT,
        float_data: numbers.to_vec(),
        ..TensorProto::default()
    };
    match rule(node) {
        Some(Rule::Cast | Rule::Dropout) => {
            graph.node.push(made("same", "Identity", vec![input()], output()));
        }
        Some(Rule::Scaler) => {
            graph.initializer.push(numbers("offset", attributes::floats(node, "offset")));
            graph.initializer.push(numbers("scale", attributes::floats(node, "scale")));
            graph.node.push(made("moved", "Sub", vec![input(), own("offset")], own("moved")));
            graph.node.push(made("scaled", "Mul", vec![own("moved"), own("scale")], output()));
        }
        Some(Rule::Imputer) => {
            graph.initializer.push(numbers("means", attributes::floats(node, "imputed_value_floats")));
            graph.node.push(made("unseen", "IsNaN", vec![input()], own("unseen")));
            graph.node.push(made("filled", "Where", vec![own("unseen"), own("means"), input()], output()));
        }
        rule => {
            let mut node = NodeProto { name: own("node"), doc_string: String::new(), ..node.clone() };
            if rule == Some(Rule::Trees) {
                trees::mend(&mut node);
            }
            for (number, output) in node.output.iter_mut().enumerate().filter(|(_, output)| output.is_empty())
            {
                *output = own(&format!("output{number}"));
            }
            graph.node.push(node);
        }
    }
}

/// An attribute of numbers.
pub(super) fn floats_attribute(name: &str, floats: Vec<f32>) -> AttributeProto {
    // 6 is the kind of a list of floats.
    AttributeProto { name: name.to_owned(), r#type: 6, floats, ..AttributeProto::default() }
}
