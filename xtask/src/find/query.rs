//! The parts of a search query: a path, words, permissions, a method, or some of these.

/// The methods of Graph, in the order in which operations are listed.
pub const METHODS: [&str; 5] = ["GET", "POST", "PATCH", "PUT", "DELETE"];

/// A parsed query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The method to which the search is limited.
    pub method: Option<&'static str>,
    /// The segments of a path, each in its normal form. Empty if the query has no path.
    pub path: Vec<String>,
    /// Words, in lower case and without underscores.
    pub words: Vec<String>,
    /// The permissions that each permission in the query may mean, as numbers in the list of
    /// permissions.
    pub permissions: Vec<Vec<usize>>,
}

impl Query {
    /// Parses a query. `permissions` are the known names.
    pub fn parse(text: &str, permissions: &[String]) -> Self {
        let mut query = Self::default();
        let mut text = text.trim();
        if let Some((first, rest)) = text.split_once(char::is_whitespace) {
            let rest = rest.trim_start();
            let method = METHODS.iter().find(|name| first.eq_ignore_ascii_case(name));
            // `get` and `delete` are words as well. In lower case, they are a method only before a
            // path.
            if let Some(method) = method.filter(|name| **name == first || is_path(rest)) {
                query.method = Some(method);
                text = rest;
            }
        }
        let one_word = !text.contains(char::is_whitespace);
        if is_path(text) || one_word && text.contains('/') {
            query.path = segments(text);
            return query;
        }
        if let Some(expression) = text.strip_prefix("graph.") {
            query.words = methods(expression);
            return query;
        }
        for token in text.split_whitespace() {
            let known = matching(token, permissions);
            if known.is_empty() {
                query.words.extend(words(token));
            } else {
                query.permissions.push(known);
            }
        }
        query
    }

    /// Returns the same query by words, for a path that does not exist.
    pub fn path_as_words(&self) -> Self {
        let names = self
            .path
            .iter()
            .filter(|name| *name != KEY && *name != ITEM);
        Self {
            method: self.method,
            words: names.flat_map(|name| words(name)).collect(),
            ..Self::default()
        }
    }
}

/// A key, in the notation of `normal`.
pub const KEY: &str = "{}";

/// An item by its path, `:/{path}:`, in the notation of `normal`.
pub const ITEM: &str = ":";

fn is_path(text: &str) -> bool {
    ["/", "https://", "http://"].iter().any(|start| {
        text.get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start))
    })
}

/// Returns the permission with this name, or else those whose names begin with it.
fn matching(token: &str, permissions: &[String]) -> Vec<usize> {
    // Most permissions have a dot. The few without one (`email`) are treated as words.
    if !token.contains('.') {
        return Vec::new();
    }
    let by = |test: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let numbers = permissions.iter().zip(0..);
        let found = numbers.filter(|(name, _)| test(name));
        found.map(|(_, number)| number).collect()
    };
    let exact = by(&|name| name.eq_ignore_ascii_case(token));
    if exact.is_empty() {
        by(&|name| {
            name.get(..token.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(token))
        })
    } else {
        exact
    }
}

/// Returns words in the form in which they are compared: letters and digits in lower case.
pub fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let words = parts.map(|part| part.replace('_', "").to_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}

/// Returns the methods of an expression, without their arguments.
fn methods(expression: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let outside = expression.chars().map(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => return c,
            _ => {}
        }
        ' '
    });
    words(&outside.collect::<String>())
}

/// Returns the segments of a path or an address, without host, version and query.
pub fn segments(text: &str) -> Vec<String> {
    let path = match text.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => text,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut segments = Vec::new();
    let mut segment = String::new();
    let (mut open, mut quoted) = (0_u32, false);
    let mut rest = path.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\'' if open > 0 => quoted = !quoted,
            '(' if !quoted => open += 1,
            ')' if !quoted => open = open.saturating_sub(1),
            '/' if open == 0 => {
                push(&mut segments, &segment);
                segment.clear();
                continue;
            }
            // `root:/Reports/2026.xlsx:/content` is an item by its path, which ends at the next
            // colon.
            ':' if open == 0 && rest.peek() == Some(&'/') => {
                push(&mut segments, &segment);
                segment.clear();
                segments.push(ITEM.to_owned());
                let _ = rest.by_ref().find(|c| *c == ':');
                continue;
            }
            _ => {}
        }
        segment.push(c);
    }
    push(&mut segments, &segment);
    if segments
        .first()
        .is_some_and(|version| version == "v1.0" || version == "beta")
    {
        segments.remove(0);
    }
    segments
}

/// Adds a segment. A key in parentheses, `users('adele')`, is a separate segment.
fn push(segments: &mut Vec<String>, text: &str) {
    if text.is_empty() {
        return;
    }
    match text.split_once('(') {
        Some((name, key)) if !name.is_empty() && !key.contains('=') && key != ")" => {
            segments.push(normal(name));
            segments.push(KEY.to_owned());
        }
        _ => segments.push(normal(text)),
    }
}

/// Returns a segment in the form in which segments are compared. It is in lower case, has no
/// namespace, and has neither names nor values of keys. Functions have only the names of their
/// arguments.
pub fn normal(segment: &str) -> String {
    let segment = segment.trim_start_matches('/');
    if segment.starts_with(ITEM) {
        return ITEM.to_owned();
    }
    if segment.starts_with('{') {
        return KEY.to_owned();
    }
    let segment = segment.to_lowercase();
    let short = segment.strip_prefix("microsoft.").unwrap_or(&segment);
    let short = short.strip_prefix("graph.").unwrap_or(short);
    let Some((name, arguments)) = short.split_once('(') else {
        return short.to_owned();
    };
    let mut names = argument_names(arguments);
    names.sort_unstable();
    match names.is_empty() {
        true => name.to_owned(),
        false => format!("{name}({})", names.join(",")),
    }
}

/// Returns the names in `a='1',b=2)`.
fn argument_names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut name = Some(String::new());
    let mut quoted = false;
    for c in text.chars() {
        match (c, &mut name) {
            ('\'', _) => quoted = !quoted,
            (',', _) if !quoted => name = Some(String::new()),
            ('=', Some(done)) if !quoted => {
                names.push(done.trim().to_owned());
                name = None;
            }
            (c, Some(name)) => name.push(c),
            _ => {}
        }
    }
    names
}
