//! What each operator makes of the shapes of its inputs, where one row is computed.

use tract_onnx::pb::{NodeProto, TensorProto};

use super::operators::refused;
use super::{FLOAT, Known, Shape, attributes, tensors};
use crate::error::{OnnxError, quoted};

/// One node, and what is known before it.
pub(super) struct Look<'a> {
    pub(super) at: usize,
    pub(super) node: &'a NodeProto,
    pub(super) known: &'a Known<'a>,
}

type Found = Result<Shape, OnnxError>;

impl Look<'_> {
    fn refused<T>(&self, why: impl Into<String>) -> Result<T, OnnxError> {
        Err(refused(self.at, self.node, why))
    }

    /// The shape of input number `at`, which is of 32-bit floats.
    fn input(&self, at: usize) -> Found {
        let name = self.node.input.get(at).map_or("", String::as_str);
        if let Some(shape) = self.known.shapes.get(name) {
            return Ok(shape.clone());
        }
        match self.known.constants.get(name) {
            Some(tensor) if tensor.data_type == FLOAT => Ok(tensors::shape(tensor)),
            Some(_) => self.refused(format!("{} is of whole numbers", quoted(name))),
            None => self.refused(format!("its input {} is made by nothing that is read", quoted(name))),
        }
    }

    /// As [`Look::input`], where the file may leave it out.
    fn optional(&self, at: usize) -> Result<Option<Shape>, OnnxError> {
        if self.node.input.get(at).is_none_or(String::is_empty) { Ok(None) } else { self.input(at).map(Some) }
    }

    /// Input number `at`, which stands in the file.
    fn constant(&self, at: usize) -> Option<&TensorProto> {
        self.known.constants.get(self.node.input.get(at)?.as_str()).copied()
    }

    fn inputs(&self, least: usize, most: usize) -> Result<(), OnnxError> {
        let found = self.node.input.len();
        if (least..=most).contains(&found) {
            return Ok(());
        }
        self.refused(format!("it has {found} inputs"))
    }

    /// The shape of the first of at most so many inputs.
    pub(super) fn one(&self, most: usize) -> Found {
        self.inputs(1, most)?;
        self.input(0)
    }

    /// The columns of its one input, a row.
    pub(super) fn columns(&self) -> Result<usize, OnnxError> {
        match self.one(1)?[..] {
            [1, columns] => Ok(columns),
            ref other => self.refused(format!("its input has the axes {other:?}, and it takes a row")),
        }
    }

    /// All inputs, each axis as long as the longest.
    pub(super) fn stretched(&self) -> Found {
        self.inputs(1, super::super::bounds::NODES_MAX)?;
        let mut all = self.input(0)?;
        for at in 1..self.node.input.len() {
            all = self.both(&all, &self.input(at)?)?;
        }
        Ok(all)
    }

    fn both(&self, one: &[usize], other: &[usize]) -> Found {
        let axes = one.len().max(other.len());
        // Axes are counted from the last one; what is not there is as long as it must be.
        let axis = |of: &[usize], at: usize| (at + of.len()).checked_sub(axes).map_or(1, |at| of[at]);
        let joined = (0..axes).map(|at| match (axis(one, at), axis(other, at)) {
            (one, other) if one == other || other == 1 => Ok(one),
            (1, other) => Ok(other),
            _ => self.refused(format!("the axes {one:?} and {other:?} do not fit")),
        });
        joined.collect()
    }

    pub(super) fn clip(&self) -> Found {
        let shape = self.one(3)?;
        for at in 1..3 {
            if self.optional(at)?.is_some_and(|bound| !bound.is_empty()) {
                return self.refused("its bounds are no single numbers");
            }
        }
        Ok(shape)
    }

    pub(super) fn dropout(&self) -> Found {
        if self.node.input.len() > 2 {
            return self.refused("it may be told to drop something; export the net in eval mode");
        }
        self.one(2)
    }

    pub(super) fn softmax(&self) -> Found {
        let shape = self.one(1)?;
        let axis = attributes::int(self.node, "axis").unwrap_or(-1);
        match shape.len() {
            2 if matches!(axis, 1 | -1) => Ok(shape),
            _ => self.refused(format!(
                "it is over axis {axis} of {shape:?}, and columns are what it is over here"
            )),
        }
    }

    pub(super) fn mat_mul(&self) -> Found {
        self.inputs(2, 2)?;
        self.product(&self.input(0)?, &self.input(1)?)
    }

    fn product(&self, one: &[usize], other: &[usize]) -> Found {
        match (one, other) {
            (&[rows, inner], &[same, columns]) if inner == same => Ok(vec![rows, columns]),
            _ => self.refused(format!("{one:?} and {other:?} cannot be multiplied")),
        }
    }

    pub(super) fn gemm(&self) -> Found {
        self.inputs(2, 3)?;
        let flag = |name| attributes::int(self.node, name).unwrap_or(0);
        let (one, mut other) = (self.input(0)?, self.input(1)?);
        if flag("transA") != 0 {
            return self.refused("it turns its input round");
        }
        if flag("transB") != 0 {
            other.reverse();
        }
        let product = self.product(&one, &other)?;
        match self.optional(2)? {
            Some(added) if self.both(&product, &added)? != product => {
                self.refused("what it adds has more numbers than its product")
            }
            _ => Ok(product),
        }
    }

    pub(super) fn batch_norm(&self) -> Found {
        self.inputs(5, 5)?;
        let shape = self.input(0)?;
        let [1, columns] = shape[..] else {
            return self.refused(format!("its input has the axes {shape:?}, and it takes a row"));
        };
        if attributes::int(self.node, "training_mode").unwrap_or(0) != 0 {
            return self.refused("it is in training; export the net in eval mode");
        }
        for at in 1..5 {
            if self.constant(at).is_none() || self.input(at)? != [columns] {
                return self
                    .refused(format!("its parameters are not {columns} numbers that stand in the file"));
            }
        }
        Ok(shape)
    }

    pub(super) fn concat(&self) -> Found {
        self.inputs(1, super::super::bounds::NODES_MAX)?;
        let mut all = self.input(0)?;
        let axis = self.axis(attributes::int(self.node, "axis").unwrap_or(1), all.len())?;
        for at in 1..self.node.input.len() {
            let more = self.input(at)?;
            let fits = more.len() == all.len() && (0..all.len()).all(|at| at == axis || more[at] == all[at]);
            if !fits {
                return self.refused(format!("{all:?} and {more:?} do not fit side by side"));
            }
            all[axis] = all[axis].saturating_add(more[axis]);
        }
        Ok(all)
    }

    /// An axis of so many, counted from the end where it is below 0.
    fn axis(&self, axis: i64, axes: usize) -> Result<usize, OnnxError> {
        let from_start = if axis < 0 { axis.saturating_add(axes as i64) } else { axis };
        match usize::try_from(from_start) {
            Ok(at) if at < axes => Ok(at),
            _ => self.refused(format!("there is no axis {axis}")),
        }
    }

    pub(super) fn flatten(&self) -> Found {
        let shape = self.one(1)?;
        if attributes::int(self.node, "axis").unwrap_or(1) != 1 || shape.first() != Some(&1) {
            return self.refused("it does not leave the rows as they are");
        }
        Ok(vec![1, shape.iter().product()])
    }

    /// Whole numbers: those of input number `at`, which stands in the file, or of an attribute.
    fn whole_numbers(&self, at: usize, attribute: &str) -> Result<Vec<i64>, OnnxError> {
        if self.node.input.get(at).is_none_or(String::is_empty) {
            return Ok(attributes::ints(self.node, attribute).to_vec());
        }
        match self.constant(at).and_then(tensors::whole_numbers) {
            Some(numbers) if numbers.len() <= crate::bounds::RANK_MAX => Ok(numbers),
            _ => self.refused("its axes do not stand in the file, or are too many"),
        }
    }

    pub(super) fn reshape(&self) -> Found {
        self.inputs(2, 2)?;
        let shape = self.input(0)?;
        let wanted = self.whole_numbers(1, "shape")?;
        if attributes::int(self.node, "allowzero").unwrap_or(0) != 0 {
            return self.refused("it allows axes without numbers");
        }
        let total: usize = shape.iter().product();
        let mut found = Vec::with_capacity(wanted.len());
        for (at, axis) in wanted.iter().enumerate() {
            found.push(match axis {
                0 => shape.get(at).copied().unwrap_or(0),
                // Whatever is left; as long as nothing for now.
                -1 => 1,
                axis => usize::try_from(*axis).unwrap_or(0),
            });
        }
        let rest = wanted.iter().filter(|axis| **axis == -1).count();
        let named = found.iter().try_fold(1_usize, |all, axis| all.checked_mul(*axis)).unwrap_or(0);
        if let Some(open) = wanted.iter().position(|axis| *axis == -1).filter(|_| named > 0) {
            found[open] = total / named;
        }
        let fits =
            rest <= 1 && found.iter().try_fold(1_usize, |all, axis| all.checked_mul(*axis)) == Some(total);
        if fits { Ok(found) } else { self.refused(format!("{shape:?} cannot become {wanted:?}")) }
    }

    pub(super) fn squeeze(&self) -> Found {
        let shape = self.one(2)?;
        let axes = self.whole_numbers(1, "axes")?;
        let gone: Result<Vec<usize>, OnnxError> =
            axes.iter().map(|axis| self.axis(*axis, shape.len())).collect();
        let gone = gone?;
        if gone.is_empty() || gone.iter().any(|at| shape[*at] != 1) {
            return self.refused(format!("it does not say which axes of length 1 go, of {shape:?}"));
        }
        Ok((0..shape.len()).filter(|at| !gone.contains(at)).map(|at| shape[at]).collect())
    }

    pub(super) fn unsqueeze(&self) -> Found {
        let shape = self.one(2)?;
        let axes = self.whole_numbers(1, "axes")?;
        let rank = shape.len() + axes.len();
        let new: Result<Vec<usize>, OnnxError> = axes.iter().map(|axis| self.axis(*axis, rank)).collect();
        let new = new?;
        if rank > crate::bounds::RANK_MAX || new.iter().enumerate().any(|(at, axis)| new[..at].contains(axis))
        {
            return self.refused("its axes are too many, or one is there twice");
        }
        let mut old = shape.into_iter();
        Ok((0..rank).map(|at| if new.contains(&at) { 1 } else { old.next().unwrap_or(1) }).collect())
    }

    pub(super) fn scaler(&self) -> Found {
        let columns = self.columns()?;
        let fits = |name| {
            matches!(attributes::floats(self.node, name).len(), 1)
                || attributes::floats(self.node, name).len() == columns
        };
        if fits("offset") && fits("scale") {
            Ok(vec![1, columns])
        } else {
            self.refused(format!("offset and scale are not {columns} numbers"))
        }
    }

    pub(super) fn imputer(&self) -> Found {
        let columns = self.columns()?;
        let found = attributes::floats(self.node, "imputed_value_floats").len();
        let replaces_nan = attributes::float(self.node, "replaced_value_float").is_some_and(f32::is_nan);
        if !replaces_nan || !(found == 1 || found == columns) {
            return self.refused(format!("it does not replace NaN by {columns} numbers"));
        }
        Ok(vec![1, columns])
    }

    pub(super) fn linear(&self) -> Found {
        let columns = self.columns()?;
        let node = self.node;
        let labels = attributes::ints(node, "classlabels_ints").len()
            + attributes::words(node, "classlabels_strings").len();
        let sums = attributes::floats(node, "intercepts").len();
        let weights = attributes::floats(node, "coefficients").len();
        if labels != 2 || !matches!(sums, 1 | 2) || weights != sums * columns {
            return self.refused(format!(
                "it is not of two classes with {columns} coefficients and an intercept each"
            ));
        }
        if attributes::int(node, "multi_class").unwrap_or(0) != 0
            || !transforms(node, &["NONE", "LOGISTIC", "SOFTMAX"])
        {
            return self
                .refused("its post_transform is none of NONE, LOGISTIC, SOFTMAX, or it is of many classes");
        }
        Ok(vec![1, 2])
    }
}

/// Whether what is done to the sums at the end is one of `known`, or nothing.
pub(super) fn transforms(node: &NodeProto, known: &[&str]) -> bool {
    attributes::find(node, "post_transform").is_none()
        || attributes::word(node, "post_transform").is_some_and(|word| known.contains(&word))
}
