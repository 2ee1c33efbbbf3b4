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
    use super::*;

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
