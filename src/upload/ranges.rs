//! Reads `nextExpectedRanges`, the bytes that a session still expects.

use std::ops::Range;

/// Returns the missing ranges of a file of `total` bytes, in order; no two of them touch. Returns
/// `None` if the list cannot be read.
///
/// Drives write `0-` or several ranges, closed or open (`12345-55232`, `77829-`). Outlook writes
/// the first byte alone (`2097152`). Ranges may overlap and may start anywhere, because the service
/// decides. <https://learn.microsoft.com/graph/api/driveitem-createuploadsession>
pub(super) fn missing<S: AsRef<str>>(
    list: impl IntoIterator<Item = S>,
    total: u64,
) -> Option<Vec<Range<u64>>> {
    let ranges = list
        .into_iter()
        .map(|text| range(text.as_ref(), total))
        .collect::<Option<Vec<_>>>()?;
    Some(merged(ranges))
}

/// Sorts ranges, and joins those that overlap or touch.
fn merged(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// Adds ranges to others.
pub(super) fn add(ranges: &mut Vec<Range<u64>>, more: &[Range<u64>]) {
    ranges.extend_from_slice(more);
    *ranges = merged(std::mem::take(ranges));
}

fn range(text: &str, total: u64) -> Option<Range<u64>> {
    let (first, last) = text.trim().split_once('-').unwrap_or((text.trim(), ""));
    let first = number(first)?;
    let end = match last.trim() {
        "" => total,
        last => {
            let last = number(last)?;
            // A reversed range is not credible.
            (first <= last).then(|| last.saturating_add(1).min(total))?
        }
    };
    Some(first.min(end)..end)
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok())?
}

/// Removes a range that has arrived.
pub(super) fn remove(missing: &mut Vec<Range<u64>>, sent: &Range<u64>) {
    *missing = missing
        .iter()
        .flat_map(|gap| {
            let before = gap.start..gap.end.min(sent.start);
            let after = gap.start.max(sent.end)..gap.end;
            [before, after]
        })
        .filter(|gap| !gap.is_empty())
        .collect();
}

/// Returns the number of bytes in ranges that do not overlap.
pub(super) fn count(ranges: &[Range<u64>]) -> u64 {
    let lengths = ranges
        .iter()
        .map(|range| range.end.saturating_sub(range.start));
    lengths.fold(0, u64::saturating_add)
}

#[cfg(test)]
#[allow(
    clippy::single_range_in_vec_init,
    reason = "the test data are lists with one range"
)]
mod tests {
    use super::*;

    #[test]
    fn expected_ranges_of_every_form_are_read() {
        for (list, wanted) in [
            (&["0-"][..], Some(vec![0..1000])),
            (&["26-"], Some(vec![26..1000])),
            (&["26"], Some(vec![26..1000])),
            (&["0-999"], Some(vec![0..1000])),
            (&["0-0"], Some(vec![0..1])),
            (
                &["700-799", "10-19", "900-"],
                Some(vec![10..20, 700..800, 900..1000]),
            ),
            (&["990-4533321"], Some(vec![990..1000])),
            (&[" 5 - 9 "], Some(vec![5..10])),
            (&["1000-"], Some(vec![])),
            (&["2000-"], Some(vec![])),
            (&[], Some(vec![])),
            (&["-5"], None),
            (&[""], None),
            (&["all"], None),
            (&["9-5"], None),
            (&["5-9", "9-5"], None),
            (&["0-9-12"], None),
            (&["0x10-"], None),
            (&["0-99999999999999999999"], None),
            (&["99999999999999999999-"], None),
            (&["0-999", "5-"], Some(vec![0..1000])),
            (&["5-", "0-999"], Some(vec![0..1000])),
            (&["0-99", "50-149", "150-199"], Some(vec![0..200])),
            (&["0-99", "0-99", "20-30"], Some(vec![0..100])),
            (&["0-18446744073709551615"], Some(vec![0..1000])),
            (&["18446744073709551615-"], Some(vec![])),
            (&["18446744073709551615-18446744073709551615"], Some(vec![])),
        ] {
            assert_eq!(missing(list, 1000), wanted, "{list:?}");
        }
    }

    #[test]
    fn received_bytes_are_removed_from_ranges() {
        let mut gaps = vec![0..10, 20..30];
        remove(&mut gaps, &(5..8));
        assert_eq!(gaps, [0..5, 8..10, 20..30]);
        remove(&mut gaps, &(0..25));
        assert_eq!(gaps, [25..30]);
        assert_eq!(count(&gaps), 5);
        remove(&mut gaps, &(0..100));
        assert!(gaps.is_empty());
        add(&mut gaps, &[7..9, 0..8]);
        add(&mut gaps, &[20..30]);
        assert_eq!(gaps, [0..9, 20..30]);
        assert_eq!(missing(["0-", "1-"], u64::MAX), Some(vec![0..u64::MAX]));
        assert_eq!(count(&[0..u64::MAX]), u64::MAX);
    }
}
