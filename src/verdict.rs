//! What the API said about a key. Asking is the business of `verify`; this is what is left of it in a report.

/// Whether the API takes a key, as far as its answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It takes the key.
    Live,
    /// It knows the key and does not permit the request, or wants to be paid first. As bad as live.
    Limited,
    /// The answer, or the lack of one, does not tell.
    Unknown,
    /// It refuses the key: revoked, expired or never valid.
    Rejected,
}

impl Status {
    /// Every status, the gravest first.
    pub const ALL: [Status; 4] = [Status::Live, Status::Limited, Status::Unknown, Status::Rejected];

    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Status::Live => "live",
            Status::Limited => "limited",
            Status::Unknown => "unknown",
            Status::Rejected => "rejected",
        }
    }

    /// The status with this name.
    pub fn from_id(id: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.id() == id)
    }

    /// Whether whoever holds the key gets in with it.
    pub fn is_accepted(self) -> bool {
        matches!(self, Status::Live | Status::Limited)
    }
}

/// The name in reports of a key that nobody was asked about.
pub const UNCHECKED: &str = "unchecked";

/// What came of asking about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the API takes it.
    pub status: Status,
    /// Why, in words that hold nothing of the answer but a code.
    pub reason: String,
    /// When the API was asked, in RFC 3339; none when it was not.
    pub asked: Option<String>,
    /// What the vendor's support finds the request by.
    pub request_id: Option<String>,
}

/// Whether a text of the API or of a report has the form of a request's id, so that it may be shown: `req_` and up to 32
/// letters and digits, as the vendor's documentation has it, or a UUID, as those who stand before an API give. No secret
/// half fits in.
pub fn is_request_id(text: &str) -> bool {
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_uuid = || {
        let parts: Vec<&str> = text.split('-').collect();
        parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
            && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    text.strip_prefix("req_").is_some_and(|id| (1..=32).contains(&id.len()) && is_plain(id)) || is_uuid()
}
