//! The progress of a transfer.

/// The progress of an upload or a download, which `on_progress` receives.
///
/// ```
/// # use msgraph::transfer::Progress;
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
    /// The number of bytes that have arrived, at the service or here. It falls when a service loses
    /// some.
    pub done: u64,
    /// The number of all bytes, where it is known.
    pub total: Option<u64>,
}

impl Progress {
    /// Returns the fraction that is done, from 0 to 1; `None` where the total is unknown.
    pub fn fraction(&self) -> Option<f64> {
        match self.total? {
            0 => Some(1.0),
            // The precision is enough for a progress bar: files are far smaller than 2^53 bytes.
            total => Some(self.done as f64 / total as f64),
        }
    }
}

type Callback = Box<dyn FnMut(Progress) + Send>;

/// The callback that receives the progress, if the caller set one.
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
