//! Shapes and pairs as scoring reads them: edges and weights of all of them in two flat arrays, one after the other.

use crate::shape::{Pair, Shape};

/// Edges that are compared at once.
const LANES: usize = 8;

/// All shapes and pairs of a view.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    shapes: Box<[ShapeAt]>,
    pairs: Box<[PairAt]>,
    /// Edges, each run of them filled up with what no value reaches.
    edges: Box<[[f32; LANES]]>,
    /// Weights of the bins, then that of the unseen.
    weights: Box<[f32]>,
}

#[derive(Clone, Copy, Debug)]
struct ShapeAt {
    axis: Axis,
    weights: u32,
    /// What lies below the first edge: most detectors find nothing, and neither edges nor weights are looked at then.
    first_edge: f32,
    first: f32,
}

#[derive(Clone, Copy, Debug)]
struct PairAt {
    axes: [Axis; 2],
    weights: u32,
}

/// One feature and where its edges are.
#[derive(Clone, Copy, Debug)]
struct Axis {
    feature: u16,
    edges: u16,
    /// First row of edges.
    row: u32,
}

impl Terms {
    /// Of shapes and pairs that were checked.
    pub(crate) fn new(shapes: &[Shape], pairs: &[Pair]) -> Terms {
        let (mut edges, mut weights) = (Vec::new(), Vec::new());
        let shapes = shapes.iter().map(|shape| ShapeAt {
            axis: Axis::new(shape.feature, &shape.edges, &mut edges),
            weights: append(&mut weights, &shape.weights, shape.unseen),
            // Without edges everything is in the one bin, which is the slow way's.
            first_edge: shape.edges.first().copied().unwrap_or(f32::NAN),
            first: shape.weights.first().copied().unwrap_or_default(),
        });
        let shapes = shapes.collect();
        let pairs = pairs.iter().map(|pair| PairAt {
            axes: [
                Axis::new(pair.first, &pair.first_edges, &mut edges),
                Axis::new(pair.second, &pair.second_edges, &mut edges),
            ],
            weights: append(&mut weights, &pair.weights, pair.unseen),
        });
        let pairs = pairs.collect();
        Terms { shapes, pairs, edges: edges.into(), weights: weights.into() }
    }

    /// Feature and log-odds of each shape, in order.
    #[inline]
    pub(crate) fn each_shape(&self, features: &[f32], mut each: impl FnMut(u16, f32)) {
        for shape in &self.shapes {
            let axis = shape.axis;
            let value = axis.value(features);
            if value < shape.first_edge {
                each(axis.feature, shape.first);
                continue;
            }
            let bin = self.bin(axis, value);
            // Chosen, not branched to: which features were unseen changes from request to request.
            let at = if value.is_nan() { axis.bins() } else { bin };
            each(axis.feature, self.weights[shape.weights as usize + at]);
        }
    }

    /// Features and log-odds of each pair, in order.
    #[inline]
    pub(crate) fn each_pair(&self, features: &[f32], mut each: impl FnMut([u16; 2], f32)) {
        for pair in &self.pairs {
            let [first, second] = pair.axes;
            let (row, column) = (first.value(features), second.value(features));
            let cell = self.bin(first, row) * second.bins() + self.bin(second, column);
            let unseen = row.is_nan() | column.is_nan();
            let cell = if unseen { first.bins() * second.bins() } else { cell };
            each([first.feature, second.feature], self.weights[pair.weights as usize + cell]);
        }
    }

    /// The bin of a value; the first where it is no number.
    #[inline]
    fn bin(&self, axis: Axis, value: f32) -> usize {
        let row = axis.row as usize;
        count(&self.edges[row..row + usize::from(axis.edges).div_ceil(LANES)], value)
    }
}

impl Axis {
    fn new(feature: u16, edges: &[f32], rows: &mut Vec<[f32; LANES]>) -> Axis {
        let row = rows.len() as u32;
        rows.extend(edges.chunks(LANES).map(|chunk| {
            // Nothing is at or above what is no number, infinity included.
            let mut row = [f32::NAN; LANES];
            row[..chunk.len()].copy_from_slice(chunk);
            row
        }));
        Axis { feature, edges: edges.len() as u16, row }
    }

    /// The feature's value; no number where it is beyond the end.
    #[inline]
    fn value(self, features: &[f32]) -> f32 {
        features.get(usize::from(self.feature)).copied().unwrap_or(f32::NAN)
    }

    #[inline]
    fn bins(self) -> usize {
        usize::from(self.edges) + 1
    }
}

/// Edges that are not above `value`. All of them are counted: a few wide comparisons and no branch take less than a
/// search does, up to some hundred edges; beyond, a search would win little.
#[inline]
fn count(rows: &[[f32; LANES]], value: f32) -> usize {
    rows.as_flattened().iter().map(|edge| u32::from(*edge <= value)).sum::<u32>() as usize
}

/// Puts weights and that of the unseen at the end, and says where they begin.
fn append(all: &mut Vec<f32>, weights: &[f32], unseen: f32) -> u32 {
    let at = all.len() as u32;
    all.extend_from_slice(weights);
    all.push(unseen);
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Direction;

    /// The bin by the definition, for numbers of edges on either side of whole rows.
    #[test]
    fn bins_are_the_edges_not_above() {
        for edges in [0, 1, 2, 7, 8, 9, 31, 63, 64, 65, 255] {
            let shape = Shape {
                feature: 0,
                edges: (0..edges).map(|n| n as f32 - 10.5).collect(),
                weights: (0..=edges).map(|n| n as f32).collect(),
                unseen: 1_000.0,
                direction: Direction::Rising,
            };
            let terms = Terms::new(std::slice::from_ref(&shape), &[]);
            let weight = |value: f32| {
                let mut weight = f32::NAN;
                terms.each_shape(&[value], |_, found| weight = found);
                weight
            };
            let values = (-30..600).map(|half| half as f32 / 2.0);
            for value in values.chain([f32::NEG_INFINITY, f32::INFINITY, f32::MIN, f32::MAX, -0.0, 1e-45]) {
                let expect = shape.edges.iter().filter(|edge| **edge <= value).count();
                assert_eq!(weight(value), expect as f32, "{value} among {edges}");
            }
            assert_eq!(weight(f32::NAN), 1_000.0);
        }
    }

    #[test]
    fn cells_are_row_by_row() {
        let pair = Pair {
            first: 1,
            second: 0,
            first_edges: vec![0.0],
            second_edges: vec![10.0, 20.0],
            weights: vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
            unseen: 9.0,
        };
        let terms = Terms::new(&[], &[pair]);
        let check = |features: &[f32], expect: f32| {
            terms.each_pair(features, |of, found| assert_eq!((of, found), ([1, 0], expect), "{features:?}"));
        };
        check(&[5.0, -1.0], 0.0);
        check(&[10.0, -1.0], 1.0);
        check(&[99.0, -1.0], 2.0);
        check(&[5.0, 0.0], 3.0);
        check(&[25.0, 7.0], 5.0);
        check(&[f32::NAN, 7.0], 9.0);
        check(&[5.0, f32::NAN], 9.0);
        check(&[5.0], 9.0);
    }
}
