//! How far a transfer is.

/// How far an upload or a download is: what `on_progress` is told.
///
/// ```
/// # use msgraph::upload::Progress;
/// # let progress = |progress: Progress| {
/// match progress.fraction() {
///     Some(fraction) => println!("{:3.0} %", fraction * 100.0),
///     None => println!("{} bytes", progress.done),
/// }
/// # };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Progress {
    /// The bytes that have arrived: at the service, or here. It falls when a service loses some.
    pub done: u64,
    /// All bytes, where that is known.
    pub total: Option<u64>,
}

impl Progress {
    /// From 0 to 1; `None` where nobody knows how much there is.
    pub fn fraction(&self) -> Option<f64> {
        match self.total? {
            0 => Some(1.0),
            // Good enough for a bar: a file is far from 2^53 bytes.
            total => Some(self.done as f64 / total as f64),
        }
    }
}

type Callback = Box<dyn FnMut(Progress) + Send>;

/// Who is told, if anybody.
#[derive(Default)]
pub(crate) struct Report(Option<Callback>);

impl Report {
    pub(crate) fn to(callback: impl FnMut(Progress) + Send + 'static) -> Self {
        Self(Some(Box::new(callback)))
    }

    pub(crate) fn tell(&mut self, done: u64, total: Option<u64>) {
        if let Some(callback) = &mut self.0 {
            callback(Progress { done, total });
        }
    }
}
