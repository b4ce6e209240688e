//! The formats for other programs: each shows the findings that the json report has, whatever they are called, and says
//! what it leaves out.

mod github;
mod gitlab;
#[cfg(unix)]
mod hostile;
mod limits;
mod places;
mod read;
mod same;
#[cfg(feature = "verify")]
mod verdicts;
