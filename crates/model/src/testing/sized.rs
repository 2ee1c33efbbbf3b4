//! Forms of the sizes that budgets speak of, with numbers of a small generator: for benches, here and in the crates below.

use crate::form::{Form, Input, Layer, Neural, Tree, Trees};

/// Numbers between 0 and 1 of a small generator.
#[derive(Clone, Debug)]
pub struct Numbers(pub u32);

impl Numbers {
    /// The next one.
    pub fn draw(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 24) as f32
    }

    /// So many, between -0.5 and 0.5.
    pub fn list(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.draw() - 0.5).collect()
    }
}

/// Full trees, every leaf at the same depth, that split any of `features` anywhere below `highest`.
pub fn trees((count, depth): (usize, u32), features: u16, highest: f32, numbers: &mut Numbers) -> Form {
    let splits = 2_i16.pow(depth) - 1;
    let way = |to: i16| if to < splits { to } else { -1 - (to - splits) };
    let mut tree = || Tree {
        features: (0..splits).map(|_| (numbers.draw() * f32::from(features)) as u16).collect(),
        edges: (0..splits).map(|_| numbers.draw() * highest).collect(),
        below: (0..splits).map(|at| way(2 * at + 1)).collect(),
        above: (0..splits).map(|at| way(2 * at + 2)).collect(),
        unseen_above: (0..splits).map(|at| at % 2 == 0).collect(),
        means: numbers.list(splits as usize),
        leaves: numbers.list(splits as usize + 1),
    };
    Form::Trees(Trees { trees: (0..count).map(|_| tree()).collect() })
}

/// A net of full layers of these widths, the last with one output, that takes all of `features`.
pub fn net(widths: &[usize], features: u16, numbers: &mut Numbers) -> Form {
    let mut inputs = usize::from(features);
    let layers = widths.iter().map(|&width| {
        let layer = Layer { weights: numbers.list(inputs * width), biases: numbers.list(width) };
        inputs = width;
        layer
    });
    let layers = layers.collect();
    let inputs = (0..features).map(|feature| Input { feature, mean: 0.5, scale: 0.3 }).collect();
    Form::Neural(Neural { inputs, layers })
}
