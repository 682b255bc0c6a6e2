//! The received bytes of an upload, with the gaps between them.

use std::ops::Range;

use bytes::Bytes;

/// Bytes, of which some are missing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    bytes: Vec<u8>,
    /// The received ranges, in order, with a gap between each two.
    ranges: Vec<Range<u64>>,
}

impl Held {
    /// Inserts bytes into a gap.
    pub(crate) fn insert(&mut self, start: u64, bytes: &[u8]) {
        let end = start + bytes.len() as u64;
        let (from, until) = (index(start), index(end));
        if self.bytes.len() < until {
            self.bytes.resize(until, 0);
        }
        if let Some(place) = self.bytes.get_mut(from..until) {
            place.copy_from_slice(bytes);
        }
        if start < end {
            self.ranges.push(start..end);
        }
        self.join();
    }

    fn join(&mut self) {
        self.ranges.sort_by_key(|range| range.start);
        let mut joined: Vec<Range<u64>> = Vec::new();
        for range in self.ranges.drain(..) {
            match joined.last_mut() {
                Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        self.ranges = joined;
    }

    /// Removes the bytes in the range.
    pub(crate) fn lose(&mut self, lost: &Range<u64>) {
        let parts = self.ranges.drain(..).flat_map(|range| {
            let before = range.start..range.end.min(lost.start);
            let after = range.start.max(lost.end)..range.end;
            [before, after]
        });
        self.ranges = parts.filter(|range| range.start < range.end).collect();
    }

    /// Returns the gaps up to `total`.
    pub(crate) fn missing(&self, total: u64) -> Vec<Range<u64>> {
        let mut missing = Vec::new();
        let mut at = 0;
        for range in &self.ranges {
            if at < range.start {
                missing.push(at..range.start);
            }
            at = range.end;
        }
        if at < total {
            missing.push(at..total);
        }
        missing
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        self.bytes.into()
    }
}

/// Converts a position. A position that is in memory always fits.
fn index(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_bytes_are_listed_as_gaps() {
        fn missing(held: &Held) -> Vec<(u64, u64)> {
            let gaps = held.missing(10).into_iter();
            gaps.map(|gap| (gap.start, gap.end)).collect()
        }
        let mut held = Held::default();
        assert_eq!(missing(&held), [(0, 10)]);
        held.insert(0, b"abcd");
        held.insert(6, b"gh");
        assert_eq!(missing(&held), [(4, 6), (8, 10)]);
        held.insert(4, b"ef");
        assert_eq!(missing(&held), [(8, 10)]);
        held.lose(&(2..5));
        assert_eq!(missing(&held), [(2, 5), (8, 10)]);
        held.insert(2, b"cde");
        held.insert(8, b"ij");
        assert_eq!(missing(&held), []);
        assert_eq!(held.into_bytes(), "abcdefghij");
    }
}
