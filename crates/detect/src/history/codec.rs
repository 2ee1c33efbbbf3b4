//! History's own compact bytes: little-endian, no padding, nothing self-describing; the version stands for the layout.
//!
//! Reading is for hostile bytes: whatever they are, it ends with a value or an error, allocates no more than the
//! bytes pay for, and gives no value that the rest of history could not have made itself.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use palisade_limits::{Decayed, DistinctSketch, SlidingWindow};

use super::client::{ClientHistory, Page};
use super::network::NetworkHistory;
use super::rhythm::Rhythm;
use super::ring::Ring;
use super::snapshot::SnapshotError;
use crate::route::RouteId;

/// What is left to read.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    /// What is being read, for errors.
    pub(super) part: &'static str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes, part: "head" }
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let (first, rest) =
            self.rest.split_first_chunk().ok_or(SnapshotError::TooShort { part: self.part })?;
        self.rest = rest;
        Ok(*first)
    }

    /// Bytes not read yet.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn bad<T>(&self, what: &'static str) -> Result<T, SnapshotError> {
        Err(SnapshotError::BadValue { part: self.part, what })
    }

    /// A count of things, at most `max`.
    pub(super) fn count(&mut self, max: usize) -> Result<usize, SnapshotError> {
        let found = u32::take(self)?;
        match usize::try_from(found) {
            Ok(count) if count <= max => Ok(count),
            _ => Err(SnapshotError::TooMany { part: self.part, found, max }),
        }
    }
}

/// A value that history keeps.
pub(super) trait Kept: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError>;
}

macro_rules! kept_numbers {
    ($($number:ty),*) => {$(
        impl Kept for $number {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
                from.bytes().map(<$number>::from_le_bytes)
            }
        }
    )*};
}

kept_numbers!(u8, u16, u32, u64, i64);

impl Kept for f32 {
    fn put(&self, out: &mut Vec<u8>) {
        self.to_bits().put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let value = f32::from_bits(u32::take(from)?);
        if value.is_finite() && value >= 0.0 { Ok(value) } else { from.bad("a number that is none") }
    }
}

impl Kept for bool {
    fn put(&self, out: &mut Vec<u8>) {
        u8::from(*self).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        match u8::take(from)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => from.bad("neither yes nor no"),
        }
    }
}

impl Kept for Option<RouteId> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        self.unwrap_or_default().0.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let is_some = bool::take(from)?;
        let route = RouteId(u32::take(from)?);
        Ok(is_some.then_some(route))
    }
}

impl Kept for Page {
    fn put(&self, out: &mut Vec<u8>) {
        self.at_ms.put(out);
        self.route.put(out);
        self.target.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Page { at_ms: u32::take(from)?, route: u16::take(from)?, target: u16::take(from)? })
    }
}

/// Where nothing came nothing else is kept.
impl Kept for Rhythm {
    fn put(&self, out: &mut Vec<u8>) {
        self.count.put(out);
        if self.count > 0 {
            self.last_at_ms.put(out);
            self.mean.put(out);
            self.variance.put(out);
            self.longest_ms.put(out);
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let count = u16::take(from)?;
        if count == 0 {
            return Ok(Rhythm::default());
        }
        Ok(Rhythm {
            count,
            last_at_ms: u32::take(from)?,
            mean: f32::take(from)?,
            variance: f32::take(from)?,
            longest_ms: u32::take(from)?,
        })
    }
}

impl<T: Kept + Copy + Default, const N: usize> Kept for Ring<T, N> {
    fn put(&self, out: &mut Vec<u8>) {
        // At most 128, as Ring asserts.
        (self.len() as u8).put(out);
        self.newest_first().for_each(|entry| entry.put(out));
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let len = usize::from(u8::take(from)?);
        if len > N {
            return from.bad("more entries than a ring holds");
        }
        let mut newest_first = [T::default(); N];
        for entry in &mut newest_first[..len] {
            *entry = T::take(from)?;
        }
        let mut ring = Ring::default();
        newest_first[..len].iter().rev().for_each(|entry| ring.push(*entry));
        Ok(ring)
    }
}

impl<const HALF_LIFE_MS: u64> Kept for Decayed<HALF_LIFE_MS> {
    fn put(&self, out: &mut Vec<u8>) {
        let (value, last_ms) = self.to_parts();
        value.put(out);
        last_ms.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let value = f32::take(from)?;
        Ok(Decayed::from_parts(value, u64::take(from)?))
    }
}

impl<const WINDOW_MS: u64> Kept for SlidingWindow<WINDOW_MS> {
    fn put(&self, out: &mut Vec<u8>) {
        let (window, current, previous) = self.to_parts();
        window.put(out);
        current.put(out);
        previous.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(SlidingWindow::from_parts(u64::take(from)?, u32::take(from)?, u32::take(from)?))
    }
}

impl Kept for DistinctSketch<1> {
    fn put(&self, out: &mut Vec<u8>) {
        let (generation, [current], [previous]) = self.to_parts();
        generation.put(out);
        current.put(out);
        previous.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(DistinctSketch::from_parts(u32::take(from)?, [u64::take(from)?], [u64::take(from)?]))
    }
}

/// A struct as its fields in order. One that gets a field does not compile until the field is kept as well;
/// the version then has to go up.
macro_rules! kept_struct {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl Kept for $name {
            fn put(&self, out: &mut Vec<u8>) {
                let $name { $($field),* } = self;
                $($field.put(out);)*
            }

            fn take(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
                let kept = $name { $($field: Kept::take(from)?),* };
                if are_times(kept.first_seen_ms, kept.last_seen_ms) { Ok(kept) } else { from.bad("a time") }
            }
        }
    };
}

kept_struct!(ClientHistory {
    first_seen_ms,
    last_seen_ms,
    pages,
    page_sends,
    last_route,
    reads,
    parts,
    sends,
    pages_minute,
    pages_ten_seconds,
    all_ten_seconds,
    pages_total,
    fetches_total,
    assets_total,
    machine_total,
    pages_since_asset,
    client_errors,
    page_responses,
    login_failures,
    login_attempts,
    last_body,
    same_bodies,
    cookies_offered,
    cookieless_pages,
    surprise,
    surprise_steps,
    asked_icon,
    asked_robots,
    sent_cookie,
});

kept_struct!(NetworkHistory {
    first_seen_ms,
    last_seen_ms,
    pages_minute,
    pages,
    assets,
    children,
    agents,
    sessions,
});

/// Milliseconds that a `Timestamp` can hold, in order: sums and differences of them cannot overflow.
fn are_times(first_ms: i64, last_ms: i64) -> bool {
    const MILLIS_MAX: i64 = i64::MAX / 1_000 + 1;
    (-MILLIS_MAX..=MILLIS_MAX).contains(&first_ms) && (first_ms..=MILLIS_MAX).contains(&last_ms)
}

/// Those of `counters` that have counted something.
pub(super) fn put_counters(counters: &[AtomicU32], out: &mut Vec<u8>) {
    let at = out.len();
    0u32.put(out);
    let mut count = 0u32;
    for (index, counter) in (0u32..).zip(counters) {
        let value = counter.load(Relaxed);
        if value > 0 {
            count += 1;
            index.put(out);
            value.put(out);
        }
    }
    out[at..at + 4].copy_from_slice(&count.to_le_bytes());
}

/// What [`put_counters`] put, for `len` counters.
pub(super) fn take_counters(from: &mut Reader<'_>, len: usize) -> Result<Vec<(usize, u32)>, SnapshotError> {
    let count = from.count(len)?;
    let mut counters = Vec::new();
    for _ in 0..count {
        let (index, value) = (u32::take(from)? as usize, u32::take(from)?);
        if index >= len {
            return from.bad("a counter that is not there");
        }
        counters.push((index, value));
    }
    Ok(counters)
}

/// Sets what [`take_counters`] gave.
pub(super) fn set_counters(counters: &[AtomicU32], kept: &[(usize, u32)]) {
    kept.iter().for_each(|&(index, value)| counters[index].store(value, Relaxed));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip<T: Kept>(value: &T) -> T {
        let mut bytes = Vec::new();
        value.put(&mut bytes);
        let mut reader = Reader::new(&bytes);
        let back = T::take(&mut reader).unwrap();
        assert_eq!(reader.left(), 0);
        for cut in 0..bytes.len() {
            assert!(T::take(&mut Reader::new(&bytes[..cut])).is_err(), "{cut} bytes");
        }
        back
    }

    #[test]
    fn values_come_back() {
        assert_eq!(round_trip(&0x0102_0304_0506_0708_u64), 0x0102_0304_0506_0708);
        assert_eq!(round_trip(&-5_i64), -5);
        assert_eq!(round_trip(&Some(RouteId(7))), Some(RouteId(7)));
        assert_eq!(round_trip(&None::<RouteId>), None);
        let mut ring: Ring<u32, 3> = Ring::default();
        (1..=5).for_each(|n| ring.push(n));
        assert_eq!(round_trip(&ring).newest_first().collect::<Vec<_>>(), [5, 4, 3]);
    }

    #[test]
    fn what_history_cannot_have_made_is_refused() {
        assert!(f32::take(&mut Reader::new(&f32::NAN.to_le_bytes())).is_err());
        assert!(f32::take(&mut Reader::new(&(-1.0f32).to_le_bytes())).is_err());
        assert!(bool::take(&mut Reader::new(&[2])).is_err());
        assert!(Ring::<u32, 3>::take(&mut Reader::new(&[4; 40])).is_err());
        assert!(!are_times(i64::MIN, 0) && !are_times(5, 4) && !are_times(0, i64::MAX) && are_times(-5, 5));
    }

    #[test]
    fn only_counters_that_counted_are_kept() {
        let counters: Vec<AtomicU32> = [0, 3, 0, 9].map(AtomicU32::new).into();
        let mut bytes = Vec::new();
        put_counters(&counters, &mut bytes);
        assert_eq!(bytes.len(), 4 + 2 * 8);
        assert_eq!(take_counters(&mut Reader::new(&bytes), 4).unwrap(), [(1, 3), (3, 9)]);
        assert!(take_counters(&mut Reader::new(&bytes), 3).is_err(), "an index beyond the end");
        assert!(take_counters(&mut Reader::new(&bytes), 1).is_err(), "more than there are");
    }
}
