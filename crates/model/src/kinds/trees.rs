//! Trees as scoring reads them: the nodes of all of them in one array, the two that a split leads to side by side.
//!
//! A leaf leads to itself, so that several trees are walked at once for as many steps as the deepest of them has:
//! their steps do not wait for one another.

use crate::bounds::{FEATURES_MAX, SPLITS_MAX};
use crate::contributions::Contributions;
use crate::form::{Tree, Trees};

/// Trees that are walked at once.
const LANES: usize = 8;

/// All trees of a view.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    nodes: Box<[Node]>,
    /// Log-odds of each node: of a leaf what it adds, of a split the mean.
    values: Box<[f32]>,
    /// Roots and greatest depth of so many trees each; where there are fewer, the leaf of nothing.
    roots: Box<[([u32; LANES], usize)]>,
    base: f32,
}

/// Eight bytes: a hundred trees of depth six are read from the nearest two caches.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// Of a leaf no number: nothing is at or above it.
    edge: f32,
    /// What is below the edge goes here, counted from the root, all else to the node after it.
    next: u16,
    /// The feature, and [`UNSEEN_ABOVE`].
    feature: u16,
}

/// Set where what is no number goes the way of what is above.
const UNSEEN_ABOVE: u16 = 1 << 15;

const _: () = assert!(size_of::<Node>() == 8);
const _: () = assert!(
    (UNSEEN_ABOVE as usize).is_multiple_of(FEATURES_MAX),
    "a remainder takes the highest bit off a feature"
);
const _: () = assert!(2 * SPLITS_MAX < u16::MAX as usize, "every node is told from its root in 16 bits");

/// The leaf of nothing, for places without a tree.
const NOTHING: Node = Node { edge: f32::NAN, next: 0, feature: 0 };

impl Paths {
    /// Of trees that were checked.
    pub(super) fn new(trees: &Trees) -> Paths {
        let mut paths = (vec![NOTHING], vec![0.0]);
        let roots: Vec<(u32, usize)> =
            trees.trees.iter().map(|tree| append(tree, &mut paths.0, &mut paths.1)).collect();
        let base = roots.iter().map(|(root, _)| paths.1[*root as usize]).sum();
        let lanes = roots.chunks(LANES).map(|chunk| {
            let mut lanes = ([0; LANES], 0);
            for (lane, (root, depth)) in lanes.0.iter_mut().zip(chunk) {
                *lane = *root;
                lanes.1 = depth.max(&lanes.1).to_owned();
            }
            lanes
        });
        let roots = lanes.collect();
        Paths { nodes: paths.0.into(), values: paths.1.into(), roots, base }
    }

    /// The means of all roots.
    pub(super) fn base(&self) -> f32 {
        self.base
    }

    /// The leaves that `features` lead to.
    pub(super) fn sum(&self, features: &[f32]) -> f32 {
        let values = widened(features);
        let mut sum = 0.0;
        for (roots, depth) in &self.roots {
            let mut at = *roots;
            for _ in 0..*depth {
                for (at, root) in at.iter_mut().zip(roots) {
                    *at = self.step(*at, *root, &values);
                }
            }
            sum += at.iter().map(|at| self.values[*at as usize]).sum::<f32>();
        }
        sum
    }

    /// The same, and at each split what its feature changed.
    pub(super) fn sum_into(&self, features: &[f32], contributions: &mut Contributions) -> f32 {
        let values = widened(features);
        let mut sum = 0.0;
        for (roots, depth) in &self.roots {
            let mut at = *roots;
            let mut means = at.map(|at| self.values[at as usize]);
            for _ in 0..*depth {
                for ((at, mean), root) in at.iter_mut().zip(&mut means).zip(roots) {
                    let next = self.step(*at, *root, &values);
                    let found = self.values[next as usize];
                    // Of a leaf nothing: that is quicker than to ask whether it is one.
                    contributions.add(self.nodes[*at as usize].feature & !UNSEEN_ABOVE, found - *mean);
                    (*at, *mean) = (next, found);
                }
            }
            sum += means.iter().sum::<f32>();
        }
        sum
    }

    #[inline]
    fn step(&self, at: u32, root: u32, values: &[f32; FEATURES_MAX]) -> u32 {
        let node = &self.nodes[at as usize];
        let value = values[usize::from(node.feature) % FEATURES_MAX];
        // Computed, not branched to: which way a request goes is what nobody knows before.
        let above = (value >= node.edge) | (value.is_nan() & (node.feature >= UNSEEN_ABOVE));
        root + u32::from(node.next) + u32::from(above)
    }
}

/// The features, and nothing seen beyond their end.
fn widened(features: &[f32]) -> [f32; FEATURES_MAX] {
    let mut values = [f32::NAN; FEATURES_MAX];
    let known = features.len().min(FEATURES_MAX);
    values[..known].copy_from_slice(&features[..known]);
    values
}

/// Puts a tree at the end of all nodes, and says where its root is and how deep it goes.
fn append(tree: &Tree, nodes: &mut Vec<Node>, values: &mut Vec<f32>) -> (u32, usize) {
    let root = nodes.len();
    let splits = tree.features.len();
    nodes.push(NOTHING);
    values.push(0.0);
    if splits == 0 {
        leaf(tree.leaves.first().copied().unwrap_or_default(), (root, root), nodes, values);
        return (root as u32, 0);
    }
    // Where each split stands, and how deep; a split comes after the one that leads to it.
    let mut places = vec![(root, 0); splits];
    let mut deepest = 0;
    for split in 0..splits {
        let (at, depth) = places[split];
        let next = nodes.len();
        values[at] = tree.means[split];
        let unseen = if tree.unseen_above[split] { UNSEEN_ABOVE } else { 0 };
        nodes[at] = Node {
            edge: tree.edges[split],
            next: (next - root) as u16,
            feature: tree.features[split] | unseen,
        };
        nodes.extend([NOTHING; 2]);
        values.extend([0.0; 2]);
        deepest = deepest.max(depth + 1);
        for (place, to) in [(next, tree.below[split]), (next + 1, tree.above[split])] {
            match usize::try_from(to) {
                Ok(child) => places[child] = (place, depth + 1),
                Err(_) => {
                    leaf(tree.leaves[usize::from(to.unsigned_abs()) - 1], (root, place), nodes, values);
                }
            }
        }
    }
    (root as u32, deepest)
}

fn leaf(value: f32, (root, at): (usize, usize), nodes: &mut [Node], values: &mut [f32]) {
    nodes[at] = Node { next: (at - root) as u16, ..NOTHING };
    values[at] = value;
}
