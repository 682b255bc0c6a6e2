//! Which calls go together.

/// How many calls Graph takes in one request.
pub(super) const LARGEST: usize = 20;

/// More calls wait for each other than one request holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany(pub(super) usize);

/// Parts the calls into requests. Those that wait for each other stay together, and the order stays as far as that allows;
/// `after` names for each call the one that it waits for, among all calls.
pub(super) fn plan(calls: &[usize], after: &[Option<usize>]) -> Result<Vec<Vec<usize>>, TooMany> {
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    for call in calls {
        let first = first_of(*call, calls, after);
        match groups.iter_mut().find(|(of, _)| *of == first) {
            Some((_, group)) => group.push(*call),
            None => groups.push((first, vec![*call])),
        }
    }
    let mut requests: Vec<Vec<usize>> = Vec::new();
    for (_, group) in groups {
        if group.len() > LARGEST {
            return Err(TooMany(group.len()));
        }
        match requests.last_mut() {
            Some(request) if request.len() + group.len() <= LARGEST => request.extend(group),
            _ => requests.push(group),
        }
    }
    Ok(requests)
}

/// The call that a call waits for in the end, among those that are to be sent.
fn first_of(call: usize, calls: &[usize], after: &[Option<usize>]) -> usize {
    let mut first = call;
    // A call waits for one that was added before it, so the way ends.
    while let Some(Some(before)) = after
        .get(first)
        .filter(|before| before.is_some_and(|before| before < first && calls.contains(&before)))
    {
        first = *before;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(calls: usize, after: &[Option<usize>]) -> Result<Vec<usize>, TooMany> {
        let calls: Vec<_> = (0..calls).collect();
        Ok(plan(&calls, after)?.iter().map(Vec::len).collect())
    }

    #[test]
    fn case_7_1_more_than_20_are_several_requests() {
        assert_eq!(sizes(45, &[None; 45]), Ok(vec![20, 20, 5]));
        assert_eq!(sizes(20, &[None; 20]), Ok(vec![20]));
        assert_eq!(sizes(0, &[]), Ok(vec![]));
    }

    #[test]
    fn case_7_1_what_waits_for_each_other_stays_together() {
        // 0..15 alone, then a chain of 10.
        let mut after = vec![None; 16];
        after.extend((16..25usize).map(|call| Some(call - 1)));
        assert_eq!(sizes(25, &after), Ok(vec![15, 10]));
        let chain: Vec<_> = (0..21usize).map(|call| call.checked_sub(1)).collect();
        assert_eq!(sizes(20, &chain), Ok(vec![20]));
        assert_eq!(sizes(21, &chain), Err(TooMany(21)));
        // Of those that are sent again, the ones before are done.
        assert_eq!(plan(&[3, 20], &chain), Ok(vec![vec![3, 20]]));
    }
}
