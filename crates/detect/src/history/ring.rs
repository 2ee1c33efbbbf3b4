//! The last few requests of one kind: fixed size, newest last.

/// Most times kept; older ones are overwritten.
#[derive(Clone, Copy, Debug)]
pub struct Ring<T, const N: usize> {
    entries: [T; N],
    next: u8,
    len: u8,
}

impl<T: Copy + Default, const N: usize> Default for Ring<T, N> {
    fn default() -> Self {
        const { assert!(N > 0 && N <= 128) };
        Ring { entries: [T::default(); N], next: 0, len: 0 }
    }
}

impl<T: Copy + Default, const N: usize> Ring<T, N> {
    /// Adds the newest.
    pub fn push(&mut self, entry: T) {
        self.entries[usize::from(self.next)] = entry;
        self.next = (self.next + 1) % N as u8;
        self.len = (self.len + 1).min(N as u8);
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// True before the first.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = T> + '_ {
        let (next, len) = (usize::from(self.next), self.len());
        // Two runs instead of a remainder for each.
        let recent = next.min(len);
        let before = &self.entries[N - (len - recent)..];
        self.entries[next - recent..next].iter().rev().chain(before.iter().rev()).copied()
    }

    /// The newest.
    pub fn newest(&self) -> Option<T> {
        self.newest_first().next()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Beside the plain way, whatever is added and whenever it is forgotten.
        #[test]
        fn it_holds_what_a_queue_would(steps in proptest::collection::vec(0_u32..12, 0..60)) {
            let mut ring: Ring<u32, 5> = Ring::default();
            let mut queue: VecDeque<u32> = VecDeque::new();
            for step in steps {
                if step == 0 {
                    ring.clear();
                    queue.clear();
                } else {
                    ring.push(step);
                    queue.push_front(step);
                    queue.truncate(5);
                }
                prop_assert_eq!(ring.newest_first().collect::<Vec<_>>(), Vec::from(queue.clone()));
                prop_assert_eq!((ring.len(), ring.newest()), (queue.len(), queue.front().copied()));
            }
        }
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut ring: Ring<u32, 3> = Ring::default();
        assert!(ring.newest().is_none() && ring.is_empty());
        (1..=5).for_each(|n| ring.push(n));
        assert_eq!(ring.newest_first().collect::<Vec<_>>(), [5, 4, 3]);
        ring.clear();
        assert_eq!(ring.len(), 0);
    }
}
